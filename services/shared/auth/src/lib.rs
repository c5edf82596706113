//! Who is asking, and may they? The pure core that every service stands on.
//!
//! * [`sigv4`] proves that a request was signed by the holder of a secret key.
//! * [`sigv2`] does so for what old clients presign.
//! * [`policy`] decides whether a principal may do an action on a resource.
//! * [`managed`] holds the policies that AWS manages and people attach by ARN.
//!
//! Nothing here does I/O, reads a clock or knows a service: time, keys and policies are passed in.

pub mod managed;
pub mod policy;
pub mod sigv2;
pub mod sigv4;
