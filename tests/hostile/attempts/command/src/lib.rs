//! Each attempt is a file of its own beside this one, built as a component.
