//! Policies that AWS manages.
