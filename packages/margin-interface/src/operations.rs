//! Which operations of the venues an account may be asked to authorise, by their authorised arguments.
