//! `kill -9` at any moment: the first start is finished by the next one, and nothing acknowledged is lost.
//!
//! A test starts its own binary again as the identity to kill.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::World;

/// Set for the identity that is to be killed: its directory and the number of its round.
const VICTIM: &str = "IDENTITY_KILL_TEST_VICTIM";
/// Set when it is to rotate its master key all the while.
const ROTATING: &str = "IDENTITY_KILL_TEST_ROTATING";

#[tokio::test(flavor = "multi_thread")]
async fn victim() {
    let Ok(order) = std::env::var(VICTIM) else { return };
    let (round, directory) = order.split_once(' ').unwrap();
    let world = World::open_at(Path::new(directory)).await.unwrap();
    if std::env::var_os(ROTATING).is_some() {
        let admin = world.admin();
        tokio::spawn(async move {
            loop {
                admin.ok("RotateMurusMasterKey", &[]).await;
            }
        });
    }
    for n in 0.. {
        let name = format!("u{round}-{n}");
        let user = world.user(&name).await;
        // one write a line: a kill cuts between lines
        let line = format!("\nacknowledged {name} {} {}\n", user.access_key_id, user.secret);
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    }
}

/// An identity to kill.
pub struct Victim(Child, Lines<BufReader<ChildStdout>>);

impl Victim {
    fn start(directory: &Path, round: usize) -> Victim {
        Victim::run(&mut Command::new(std::env::current_exe().unwrap()), directory, round)
    }

    /// One that rotates its master key all the while.
    pub fn start_rotating(directory: &Path, round: usize) -> Victim {
        Victim::run(Command::new(std::env::current_exe().unwrap()).env(ROTATING, "yes"), directory, round)
    }

    fn run(command: &mut Command, directory: &Path, round: usize) -> Victim {
        let mut child = command
            .args(["--exact", "kill::victim", "--nocapture"])
            .env(VICTIM, format!("{round} {}", directory.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Victim(child, lines)
    }

    /// The next thing that it acknowledges: a user's name, its key's id and secret.
    pub fn next(&mut self) -> Option<Vec<String>> {
        let line = self.1.find_map(|line| line.unwrap().strip_prefix("acknowledged ").map(str::to_owned))?;
        Some(line.split(' ').map(str::to_owned).collect())
    }

    /// Kills it and gives what it acknowledged and nobody had read yet.
    pub fn kill(mut self) -> Vec<Vec<String>> {
        self.0.kill().unwrap();
        let rest = std::iter::from_fn(|| self.next()).collect();
        assert!(!self.0.wait().unwrap().success());
        rest
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_minus_nine_loses_nothing_acknowledged() {
    let directory = Arc::new(TempDir::new().unwrap());
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let mut victim = Victim::start(directory.path(), round);
        acknowledged.extend((0..3 + 4 * round).map(|_| victim.next().expect("the victim goes on")));
        acknowledged.extend(victim.kill());
        let world = World::open(directory.clone()).await.unwrap();
        for user in &acknowledged {
            let client = world.client(&user[1], &user[2]);
            let arn = client.who_am_i().await.field("Arn");
            assert_eq!(arn, format!("arn:aws:iam::{}:user/{}", world.account(), user[0]));
        }
        world.close().await;
    }
    assert!(acknowledged.len() > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_killed_anywhere_is_finished_by_the_next() {
    for delay_ms in (0..80).step_by(8) {
        let directory = Arc::new(TempDir::new().unwrap());
        let victim = Victim::start(directory.path(), 0);
        // not waiting for anything: this is where it is killed
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        victim.kill();
        let world = World::open(directory).await.unwrap();
        assert_eq!(world.admin().who_am_i().await.field("Account"), world.account());
        world.admin().ok("CreateUser", &[("UserName", "next")]).await;
    }
}
