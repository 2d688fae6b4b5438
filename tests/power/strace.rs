//! The program under `strace`.

use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::process::Running;
use crate::trace::{Call, parse};
use crate::workdir::{TOKEN, Workdir};

/// All that can change a file or its name, and all that can put bytes on a wire. (`?`: not every machine has it.)
const CALLS: &str = "trace=openat,?openat2,?open,?creat,?unlink,unlinkat,?rename,?renameat,renameat2,?link,linkat,\
                     truncate,ftruncate,fallocate,write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,\
                     splice,mmap,fsync,fdatasync,?sync_file_range,sendto,sendmsg,sendmmsg";

/// `strace`, with the program and its words to follow. The program stays our own child (`-D`), and no data are cut.
fn strace(into: &str) -> Command {
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "--seccomp-bpf", "-yy", "-s", "1000000", "-o", into, "-e", CALLS]);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").stdin(Stdio::null());
    command
}

/// Why no program can be traced here, if so.
pub(crate) fn missing() -> Option<String> {
    let folder = TempDir::new().unwrap();
    let tried = match strace("trace").arg("true").current_dir(folder.path()).output() {
        Ok(tried) => tried,
        Err(error) => return Some(format!("strace cannot be started ({error}); apt-get install strace")),
    };
    // Its exit code is that of the program, whether traced or not.
    let trace = std::fs::read_to_string(folder.path().join("trace")).unwrap_or_default();
    if trace.contains("+++ exited with 0 +++") {
        return None;
    }
    let said = String::from_utf8_lossy(&tried.stderr).lines().next().unwrap_or("and says nothing").to_owned();
    Some(format!("strace cannot trace here: {said}"))
}

/// Starts the program in `dir`, signed in; its trace goes into the file `trace` there.
pub(crate) fn start(dir: &Workdir, words: &[&str]) -> Running {
    let program = dir.command(&TOKEN, words);
    let mut traced = strace("trace");
    traced.arg(program.get_program()).args(program.get_args()).envs(TOKEN);
    Running::spawn(traced.current_dir(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

/// The trace of the program that has ended in `dir`.
pub(crate) fn trace(dir: &Workdir) -> Vec<Call> {
    parse(&dir.read("trace"))
}
