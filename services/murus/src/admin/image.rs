//! `murus admin image import`: a disk file becomes an image, the way AWS does it: upload to a bucket, ImportSnapshot,
//! RegisterImage, and the upload removed again.

use std::io::{Read, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, Bytes};
use clap::{Args, Subcommand};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::Failure;
use crate::client::{Client, Payload, text_of};
use crate::config::Config;

/// Bytes of one part of an upload.
const PART: u64 = 256 << 20;
/// Bytes read from the file at once.
const CHUNK: usize = 256 << 10;
/// Between two looks at a running import.
const POLL: Duration = Duration::from_millis(300);

/// A task about images.
#[derive(Subcommand)]
pub enum Command {
    /// Make an image (AMI) of a disk file.
    Import(Import),
    /// Print the id of the account's image of this name; nothing when there is none.
    Find {
        /// Name of the image.
        #[arg(long)]
        name: String,
    },
}

/// What to import.
#[derive(Args)]
pub struct Import {
    /// A qcow2 or raw file of a bootable disk.
    file: PathBuf,
    /// Name of the image: 3 to 128 characters, unique in the account.
    #[arg(long)]
    name: String,
    /// A sentence about it.
    #[arg(long, default_value = "")]
    description: String,
    /// Do nothing when the account has an image of this name already.
    #[arg(long)]
    if_absent: bool,
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let client = Client::new(config)?;
    match command {
        Command::Import(import) => import_image(config, &client, &import).await,
        Command::Find { name } => {
            if let Some(image) = find(&client, &name).await? {
                println!("{image}");
            }
            Ok(())
        }
    }
}

async fn import_image(config: &Config, client: &Client, import: &Import) -> Result<(), Failure> {
    let format = format_of(&import.file)?;
    if let Some(image) = find(client, &import.name).await? {
        if import.if_absent {
            println!("{image}");
            return Ok(());
        }
        return Err(format!(
            "there is an image named {} already: {image}. Choose another --name",
            import.name
        )
        .into());
    }
    let admin = crate::env::admin(config)?;
    let bucket = format!("murus-import-{}", admin.account_id);
    let key = format!("{}-{}", std::process::id(), kit::request::new_request_id());
    ensure_bucket(client, &bucket).await?;
    let path = format!("/{bucket}/{key}");
    upload(client, &import.file, &path).await?;
    let imported = import_snapshot(client, &bucket, &key, format).await;
    client.s3("DELETE", &path, Payload::Text(String::new())).await?.success("removing the upload")?;
    let image = register(client, import, &imported?).await?;
    println!("{image}");
    Ok(())
}

/// qcow2 files say so in their first bytes, raw disks that boot at the end of their first sector.
fn format_of(file: &Path) -> Result<&'static str, Failure> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut sector = Vec::with_capacity(512);
    std::fs::File::open(file).map_err(failed)?.take(512).read_to_end(&mut sector).map_err(failed)?;
    if sector.starts_with(b"QFI\xfb") {
        return Ok("QCOW2");
    }
    match sector.get(510..512) {
        Some([0x55, 0xaa]) => Ok("RAW"),
        _ => Err(format!(
            "{}: neither qcow2 nor a raw disk that boots (its first sector has no boot signature)",
            file.display()
        )
        .into()),
    }
}

async fn find(client: &Client, name: &str) -> Result<Option<String>, Failure> {
    let parameters = [("Owner.1", "self"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", name)];
    let answer = client.ec2("DescribeImages", &parameters).await?;
    Ok(text_of(&answer, "imageId"))
}

async fn ensure_bucket(client: &Client, bucket: &str) -> Result<(), Failure> {
    let answer = client.s3("PUT", &format!("/{bucket}"), Payload::Text(String::new())).await?;
    if text_of(&answer.body, "Code").as_deref() == Some("BucketAlreadyOwnedByYou") {
        return Ok(());
    }
    answer.success("making the bucket for the upload").map(drop)
}

async fn upload(client: &Client, file: &Path, path: &str) -> Result<(), Failure> {
    let size = std::fs::metadata(file)?.len();
    let started = client.s3("POST", &format!("{path}?uploads="), Payload::Text(String::new())).await?;
    let started = started.success("starting the upload")?;
    let upload = text_of(&started, "UploadId").ok_or("the upload has no id")?;
    let mut parts = String::new();
    for (number, offset) in (1..).zip((0..size).step_by(usize::try_from(PART)?)) {
        let length = PART.min(size - offset);
        let target = format!("{path}?partNumber={number}&uploadId={upload}");
        let body = Payload::Stream { length, body: part(file, offset, length).await? };
        let answer = client.s3("PUT", &target, body).await?;
        let etag = answer.headers.get("etag").and_then(|etag| etag.to_str().ok()).unwrap_or("").to_owned();
        answer.success("uploading")?;
        parts.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
        eprintln!("uploaded {} of {} MiB", (offset + length) >> 20, size >> 20);
    }
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let done = client.s3("POST", &format!("{path}?uploadId={upload}"), Payload::Text(body)).await?;
    done.success("completing the upload").map(drop)
}

/// A stretch of a file as a body that is read while it is sent.
async fn part(file: &Path, offset: u64, length: u64) -> Result<Body, Failure> {
    let mut open = tokio::fs::File::open(file).await?;
    open.seek(SeekFrom::Start(offset)).await?;
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(2);
    tokio::spawn(async move {
        let mut left = length;
        while left > 0 {
            let mut chunk = vec![0; CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))];
            let read = open.read_exact(&mut chunk).await.map(|_| Bytes::from(chunk));
            let failed = read.is_err();
            left = left.saturating_sub(CHUNK as u64);
            if sender.send(read).await.is_err() || failed {
                return;
            }
        }
    });
    Ok(Body::new(Chunks(receiver)))
}

/// A body fed through a channel.
struct Chunks(tokio::sync::mpsc::Receiver<std::io::Result<Bytes>>);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::io::Result<hyper::body::Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|chunk| chunk.map(|chunk| chunk.map(hyper::body::Frame::data)))
    }
}

async fn import_snapshot(client: &Client, bucket: &str, key: &str, format: &str) -> Result<String, Failure> {
    let parameters = [
        ("DiskContainer.Format", format),
        ("DiskContainer.UserBucket.S3Bucket", bucket),
        ("DiskContainer.UserBucket.S3Key", key),
    ];
    let answer = client.ec2("ImportSnapshot", &parameters).await?;
    let task = text_of(&answer, "importTaskId").ok_or("the import has no id")?;
    let mut shown = String::new();
    loop {
        let answer = client.ec2("DescribeImportSnapshotTasks", &[("ImportTaskId.1", &task)]).await?;
        let message = text_of(&answer, "statusMessage").unwrap_or_default();
        match text_of(&answer, "status").unwrap_or_default().as_str() {
            "completed" => {
                return text_of(&answer, "snapshotId").ok_or_else(|| "no snapshot came of it".into());
            }
            "active" => {}
            status => return Err(format!("the import is {status}: {message}").into()),
        }
        let progress = format!("importing: {}% {message}", text_of(&answer, "progress").unwrap_or_default());
        if progress != shown {
            eprintln!("{progress}");
            shown = progress;
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn register(client: &Client, import: &Import, snapshot: &str) -> Result<String, Failure> {
    let mut parameters = vec![
        ("Name", import.name.as_str()),
        ("Architecture", "x86_64"),
        ("VirtualizationType", "hvm"),
        ("RootDeviceName", "/dev/sda1"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/sda1"),
        ("BlockDeviceMapping.1.Ebs.SnapshotId", snapshot),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
    ];
    if !import.description.is_empty() {
        parameters.push(("Description", &import.description));
    }
    let answer = client.ec2("RegisterImage", &parameters).await?;
    text_of(&answer, "imageId").ok_or_else(|| "the image has no id".into())
}
