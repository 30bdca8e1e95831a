//! The binaries of a release, in a root that holds nothing else: no library, no certificate, no name service. qemu runs
//! those for other machines. `.ci/check-dist` runs these tests. `DISPATCH_ACTION_DIST` is the folder with the binaries.
//! chroot needs root.

use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Command;

use crate::fake::{FakeGitea, Version};
use crate::stage::{Done, SOURCE, Stage, Step};

/// The platforms of the binaries, and what runs them on x86_64.
const PLATFORMS: [(&str, Option<&str>); 3] = [
    ("linux-x86_64", None),
    ("linux-aarch64", Some("/usr/bin/qemu-aarch64-static")),
    ("linux-armv7", Some("/usr/bin/qemu-arm-static")),
];

/// Where [`serve_names`] listens: a musl binary sends its queries to port 53.
const NAME_SERVER: &str = "127.0.0.77";

#[test]
#[ignore = "needs root, qemu and the binaries of a release: run .ci/check-dist"]
fn each_binary_makes_the_round_trip_in_an_empty_root_with_a_server_named_in_hosts() {
    for platform in PLATFORMS {
        let root = EmptyRoot::new(platform, FakeGitea::start(Version::V1_26));
        root.makes_the_round_trip(|step| step.input("api-url", &root.api_url("gitea.hosts.test")));
    }
}

#[test]
#[ignore = "needs root, qemu and the binaries of a release: run .ci/check-dist"]
fn each_binary_makes_the_round_trip_in_an_empty_root_with_a_server_named_by_dns() {
    serve_names();
    for platform in PLATFORMS {
        let root = EmptyRoot::new(platform, FakeGitea::start(Version::V1_26));
        root.makes_the_round_trip(|step| step.input("api-url", &root.api_url("gitea.dns.test")));
    }
}

#[test]
#[ignore = "needs root, qemu and the binaries of a release: run .ci/check-dist"]
fn each_binary_trusts_a_private_authority_in_an_empty_root_only_when_it_is_given() {
    for platform in PLATFORMS {
        let root = EmptyRoot::new(platform, FakeGitea::start_tls(Version::V1_26));
        let by_name = |step: Step| step.input("api-url", &root.api_url("localhost"));

        let done = root.run(by_name(root.stage.dispatch())).failed();
        assert!(done.log.contains("The server's certificate is not trusted."), "{}", done.log);
        assert_eq!(root.stage.gitea.requests().len(), 0);

        let authority = root.file("ca.pem", root.stage.gitea.ca_pem());
        root.makes_the_round_trip(|step| by_name(step).var("SSL_CERT_FILE", authority.to_str().unwrap()));
    }
}

/// The stage's directory as a root.
struct EmptyRoot {
    stage: Stage,
    emulated: bool,
}

impl EmptyRoot {
    fn new((platform, emulator): (&str, Option<&str>), gitea: FakeGitea) -> Self {
        let dist = std::env::var("DISPATCH_ACTION_DIST").expect("DISPATCH_ACTION_DIST is the folder with the binaries");
        let root = Self { stage: Stage::on(gitea, "/dispatch-action"), emulated: emulator.is_some() };
        fs::copy(format!("{dist}/dispatch-action-{platform}"), root.path("dispatch-action")).unwrap();
        if let Some(emulator) = emulator {
            fs::copy(emulator, root.path("emulator")).unwrap();
        }
        root.file("etc/hosts", "127.0.0.1 localhost gitea.hosts.test\n");
        root.file("etc/resolv.conf", &format!("nameserver {NAME_SERVER}\n"));
        root
    }

    fn path(&self, name: &str) -> PathBuf {
        self.stage.directory.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The address of the fake with a name in place of its number.
    fn api_url(&self, name: &str) -> String {
        self.stage.gitea.api_url().replace("127.0.0.1", name)
    }

    fn makes_the_round_trip(&self, change: impl Fn(Step) -> Step) {
        self.run(change(self.stage.dispatch())).ok();
        let run = self.stage.start_last_run();
        self.run(change(self.stage.report(run))).ok();

        let world = self.stage.gitea.world();
        assert_eq!(world.statuses(SOURCE, &self.stage.sha)[0].state, "success");
        assert_eq!(world.comments(SOURCE, self.stage.number).len(), 1);
    }

    /// Runs the step within the root.
    fn run(&self, step: Step) -> Done {
        let (outside, files) = step.command();
        let root = self.stage.directory.path();
        let mut command = Command::new("/usr/sbin/chroot");
        command.arg(root).args(self.emulated.then_some("/emulator")).arg("/dispatch-action").env_clear();
        for (name, value) in outside.get_envs() {
            let value = value.unwrap().to_str().unwrap();
            command.env(name, value.strip_prefix(root.to_str().unwrap()).unwrap_or(value));
        }
        files.after(command)
    }
}

/// Answers each query for an IPv4 address with this machine's address, and says that there are no others (RFC 1035,
/// section 4.1).
fn serve_names() {
    let socket = UdpSocket::bind((NAME_SERVER, 53)).unwrap();
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((_, asker)) = socket.recv_from(&mut query) {
            let name = query[12..].iter().position(|byte| *byte == 0).unwrap();
            let question = &query[12..12 + name + 5];
            let is_ipv4 = question[name + 1..name + 3] == [0, 1];
            let mut answer = query[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]);
            answer.extend(question);
            if is_ipv4 {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
            }
            socket.send_to(&answer, asker).unwrap();
        }
    });
}
