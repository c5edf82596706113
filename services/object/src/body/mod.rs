//! Request bodies: aws-chunked framing, digests, and the way into memory or a file. Nothing that comes out of here
//! has been kept before the last byte, signature and checksum were verified.

pub mod chunked;
pub mod expect;
pub mod form;
pub mod form_file;
pub mod ingest;
pub mod receive;
