//! The requests of a run, in any order, and what must be there after each of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::Random;
use crate::support::{Reply, Sealed, World};

const KEYS: usize = 8;
/// Larger content has a file of its own.
const INLINE: usize = 16 << 10;
const SIZES: [usize; 4] = [700, 15_000, 40_000, 400_000];

/// What must be there.
#[derive(Clone, Default)]
pub struct State {
    objects: BTreeMap<usize, Object>,
    uploads: BTreeMap<String, Upload>,
}

#[derive(Clone)]
struct Object {
    pieces: Vec<Piece>,
    /// Whether it was an upload in parts, or shares the content of one.
    joined: bool,
}

/// A stretch of content that was written at once, and lies in a file of its own if it is large. Copies share it.
#[derive(Clone)]
struct Piece {
    name: u64,
    content: std::sync::Arc<Vec<u8>>,
}

#[derive(Clone)]
struct Upload {
    key: usize,
    /// With their ETags.
    parts: BTreeMap<u32, (Piece, String)>,
}

/// What a client sees.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Shown {
    objects: BTreeMap<usize, Vec<u8>>,
    /// Key and ETags of the parts.
    uploads: BTreeMap<String, (usize, Vec<(u32, String)>)>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes: Vec<_> = self.objects.iter().map(|(key, body)| (key, body.len())).collect();
        write!(f, "(key, size) {sizes:?}, uploads {:?}", self.uploads)
    }
}

impl State {
    /// What a client should see.
    pub fn shows(&self) -> Shown {
        let parts = |upload: &Upload| upload.parts.iter().map(|(n, (_, etag))| (*n, etag.clone())).collect();
        let uploads = self.uploads.iter().map(|(id, upload)| (id.clone(), (upload.key, parts(upload))));
        let objects = self.objects.iter().map(|(key, object)| (*key, whole(&object.pieces)));
        Shown { objects: objects.collect(), uploads: uploads.collect() }
    }

    /// How many files that takes.
    pub fn files(&self) -> usize {
        let parts = self.uploads.values().flat_map(|upload| upload.parts.values().map(|(piece, _)| piece));
        let pieces = self.objects.values().flat_map(|object| &object.pieces).chain(parts);
        let large = pieces.filter(|piece| piece.content.len() > INLINE);
        large.map(|piece| piece.name).collect::<BTreeSet<_>>().len()
    }

    pub fn keys(&self) -> Vec<usize> {
        self.objects.keys().copied().collect()
    }

    pub fn upload_ids(&self) -> Vec<String> {
        self.uploads.keys().cloned().collect()
    }

    pub fn has_parts(&self, upload_id: &str) -> bool {
        !self.uploads[upload_id].parts.is_empty()
    }
}

fn whole(pieces: &[Piece]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| piece.content.iter().copied()).collect()
}

/// Each key's objects are encrypted in another way.
fn sealed(key: usize) -> Sealed {
    Sealed::ALL[key % Sealed::ALL.len()]
}

fn path(key: usize) -> String {
    format!("/bucket/{key}")
}

/// What is there.
pub async fn observe(world: &World) -> Shown {
    let mut shown = Shown::default();
    for key in 0..KEYS {
        let reply = world.get_sealed(sealed(key), &path(key)).await;
        if reply.status != 404 {
            shown.objects.insert(key, reply.fine().body.to_vec());
        }
    }
    let listed = world.get("/bucket?uploads").await.fine();
    for (key, id) in listed.elements("Key").iter().zip(listed.elements("UploadId")) {
        let parts = world.get(&format!("/bucket/{key}?uploadId={id}")).await.fine();
        let numbers = parts.elements("PartNumber").into_iter().map(|number| number.parse().unwrap());
        let etags = parts.elements("ETag").into_iter().map(|etag| etag.replace("&quot;", "\""));
        shown.uploads.insert(id, (key.parse().unwrap(), numbers.zip(etags).collect()));
    }
    shown
}

/// Requests, and the state they have led to.
#[derive(Clone, Default)]
pub struct Load {
    pub state: State,
    /// Of the next piece.
    next: u64,
}

impl Load {
    /// The same, gone back to this state.
    pub fn at(&self, state: &State) -> Load {
        Load { state: state.clone(), next: self.next }
    }

    /// One request.
    pub async fn step(&mut self, world: &World, random: &mut Random) {
        let key = random.below(KEYS);
        let (keys, uploads) = (self.state.keys(), self.state.upload_ids());
        let source = keys.get(random.below(keys.len().max(1))).copied().filter(|source| *source != key);
        let upload = uploads.get(random.below(uploads.len().max(1))).cloned();
        let size = SIZES[random.below(SIZES.len())];
        let number = 1 + random.below(4) as u32;
        match (random.below(16), source, upload) {
            (0..=2, Some(source), _) => self.copy(world, source, key).await,
            (3..=4, Some(source), _) => self.delete(world, source).await,
            (5, Some(source), Some(id)) => self.copy_part(world, source, &id, number).await,
            (6..=9, _, Some(id)) => self.put_part(world, &id, number, size).await,
            (10..=11, _, Some(id)) if self.state.has_parts(&id) => {
                // sometimes the client does not want a part that it has put
                let skipped = random.once_in(3).then_some(number);
                self.complete(world, &id, skipped).await;
            }
            (12, _, Some(id)) => self.abort(world, &id).await,
            (5..=9, ..) | (13, ..) => self.begin(world, key).await,
            _ => self.put(world, key, size).await,
        }
    }

    fn piece(&mut self, content: Vec<u8>) -> Piece {
        self.next += 1;
        Piece { name: self.next, content: content.into() }
    }

    fn fresh(&mut self, size: usize) -> Piece {
        let n = self.next + 3;
        self.piece((0..size as u64).map(|at| (at.wrapping_mul(n) >> (n % 3)).wrapping_add(n) as u8).collect())
    }

    async fn put(&mut self, world: &World, key: usize, size: usize) {
        let piece = self.fresh(size);
        world.put_sealed(sealed(key), &path(key), &piece.content).await.fine();
        self.state.objects.insert(key, Object { pieces: vec![piece], joined: false });
    }

    /// What is plain on one side and encrypted on the other is written anew, anything else shared.
    async fn copy(&mut self, world: &World, source: usize, key: usize) {
        let mut headers = [sealed(key).writing(), sealed(source).copying()].concat();
        headers.push(("x-amz-copy-source".into(), format!("bucket/{source}")));
        world.ask("PUT", &path(key), &headers, b"").await.fine();
        let mut object = self.state.objects[&source].clone();
        if (sealed(source) == Sealed::Not) != (sealed(key) == Sealed::Not) {
            object = Object { pieces: vec![self.piece(whole(&object.pieces))], joined: false };
        }
        self.state.objects.insert(key, object);
    }

    /// Deletes an object.
    pub async fn delete(&mut self, world: &World, key: usize) {
        world.delete(&path(key)).await.fine();
        self.state.objects.remove(&key);
    }

    async fn begin(&mut self, world: &World, key: usize) {
        let begun = world.ask("POST", &format!("{}?uploads", path(key)), &sealed(key).writing(), b"").await;
        let upload = Upload { key, parts: BTreeMap::new() };
        self.state.uploads.insert(begun.fine().element("UploadId"), upload);
    }

    async fn put_part(&mut self, world: &World, id: &str, number: u32, size: usize) {
        let (key, piece) = (self.state.uploads[id].key, self.fresh(size));
        let to = format!("{}?partNumber={number}&uploadId={id}", path(key));
        let reply = world.ask("PUT", &to, &sealed(key).reading(), &piece.content).await.fine();
        self.keep_part(id, number, piece, reply.header("etag").to_owned());
    }

    /// What is one file and plain on both sides is shared, anything else written anew.
    async fn copy_part(&mut self, world: &World, source: usize, id: &str, number: u32) {
        let key = self.state.uploads[id].key;
        let to = format!("{}?partNumber={number}&uploadId={id}", path(key));
        let mut headers = [sealed(key).reading(), sealed(source).copying()].concat();
        headers.push(("x-amz-copy-source".into(), format!("bucket/{source}")));
        let reply = world.ask("PUT", &to, &headers, b"").await.fine();
        let Object { pieces, joined } = self.state.objects[&source].clone();
        let plain = sealed(source) == Sealed::Not && sealed(key) == Sealed::Not;
        let piece = match &*pieces {
            [one] if plain && !joined => one.clone(),
            pieces => self.piece(whole(pieces)),
        };
        self.keep_part(id, number, piece, etag_within(&reply));
    }

    fn keep_part(&mut self, id: &str, number: u32, piece: Piece, etag: String) {
        let upload = self.state.uploads.get_mut(id).unwrap();
        upload.parts.insert(number, (piece, etag));
    }

    /// Completes an upload, without one of its parts if there are others.
    pub async fn complete(&mut self, world: &World, id: &str, skipped: Option<u32>) {
        let Upload { key, mut parts } = self.state.uploads.remove(id).unwrap();
        if let Some(skipped) = skipped.filter(|_| parts.len() > 1) {
            parts.remove(&skipped);
        }
        let listed: String = parts
            .iter()
            .map(|(n, (_, etag))| format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>"))
            .collect();
        let document = format!("<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>");
        let to = format!("{}?uploadId={id}", path(key));
        world.ask("POST", &to, &sealed(key).reading(), document.as_bytes()).await.fine();
        let pieces = parts.into_values().map(|(piece, _)| piece).collect();
        self.state.objects.insert(key, Object { pieces, joined: true });
    }

    /// Aborts an upload.
    pub async fn abort(&mut self, world: &World, id: &str) {
        let upload = self.state.uploads.remove(id).unwrap();
        world.delete(&format!("{}?uploadId={id}", path(upload.key))).await.fine();
    }
}

fn etag_within(reply: &Reply) -> String {
    reply.element("ETag").replace("&quot;", "\"")
}
