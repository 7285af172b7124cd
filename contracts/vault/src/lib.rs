//! vault.
#![no_std]
use soroban_sdk as _;
