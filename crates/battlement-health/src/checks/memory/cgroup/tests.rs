use tempfile::TempDir;

use super::*;

const GIB: u64 = 1 << 30;
const V1_MOUNT: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
const V2_MOUNT: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
/// The limit that version 1 shows where none is set, with pages of 4 and of 64 KiB.
const NONE_4K: &str = "9223372036854771712\n";
const NONE_64K: &str = "9223372036854710272\n";

/// Creates a file system with these files.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn read_tree(files: &[(&str, &str)]) -> io::Result<Option<Usage>> {
    read(tree(files).path())
}

#[test]
fn version_2_in_a_container_has_the_cgroup_at_the_mount_point() {
    let usage = read_tree(&[
        ("proc/self/cgroup", "0::/\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/memory.max", "1073741824\n"),
        ("sys/fs/cgroup/memory.current", "900000000\n"),
        ("sys/fs/cgroup/memory.stat", "anon 600000000\nfile 300000000\ninactive_file 250000000\n"),
    ]);
    assert_eq!(usage.unwrap(), Some(Usage { used: 650_000_000, limit: GIB }));
}

#[test]
fn version_1_counts_the_cache_of_all_descendants() {
    let at = "sys/fs/cgroup/memory/kubepods/pod1";
    let usage = read_tree(&[
        ("proc/self/cgroup", "11:cpu,cpuacct:/x\n7:memory:/kubepods/pod1\n0::/\n"),
        ("proc/self/mountinfo", V1_MOUNT),
        (&format!("{at}/memory.limit_in_bytes"), "1073741824\n"),
        (&format!("{at}/memory.usage_in_bytes"), "900000000\n"),
        (&format!("{at}/memory.stat"), "inactive_file 1\ntotal_inactive_file 400000000\n"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", NONE_4K),
        ("sys/fs/cgroup/memory/kubepods/memory.limit_in_bytes", NONE_64K),
    ]);
    assert_eq!(usage.unwrap(), Some(Usage { used: 500_000_000, limit: GIB }));
}

/// Reads a cgroup of version 2 with a parent: the limits and usages of both.
fn nested(own: [&str; 2], parent: [&str; 2]) -> Option<Usage> {
    let usage = read_tree(&[
        ("proc/self/cgroup", "0::/shop.slice/web.service\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/shop.slice/web.service/memory.max", own[0]),
        ("sys/fs/cgroup/shop.slice/web.service/memory.current", own[1]),
        ("sys/fs/cgroup/shop.slice/memory.max", parent[0]),
        ("sys/fs/cgroup/shop.slice/memory.current", parent[1]),
        // The root of the hierarchy has no limit file.
        ("sys/fs/cgroup/memory.stat", "inactive_file 7\n"),
    ]);
    usage.unwrap()
}

#[test]
fn of_nested_cgroups_the_fullest_one_counts() {
    let usage = |used, limit| Some(Usage { used, limit });
    assert_eq!(nested(["100", "40"], ["1000", "500"]), usage(500, 1000));
    assert_eq!(nested(["100", "60"], ["1000", "500"]), usage(60, 100));
    assert_eq!(nested(["max", "60"], ["1000", "500"]), usage(500, 1000));
    assert_eq!(nested(["100", "1"], ["max", "500"]), usage(1, 100));
    assert_eq!(nested(["max", "60"], ["max", "500"]), None);
}

#[test]
fn a_cgroup_above_the_mount_point_is_not_read() {
    let mount = "30 23 0:26 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    let usage = read_tree(&[
        ("proc/self/cgroup", "0::/docker/1/app\n"),
        ("proc/self/mountinfo", mount),
        ("sys/fs/cgroup/app/memory.max", "max\n"),
        ("sys/fs/cgroup/memory.max", "200\n"),
        ("sys/fs/cgroup/memory.current", "50\n"),
        ("sys/fs/memory.max", "1\n"),
        ("sys/fs/memory.current", "1\n"),
    ]);
    assert_eq!(usage.unwrap(), Some(Usage { used: 50, limit: 200 }));
}

#[test]
fn without_a_limit_there_is_no_usage() {
    let limit = "sys/fs/cgroup/memory/memory.limit_in_bytes";
    let cgroup = ("proc/self/cgroup", "7:memory:/\n");
    for none in [NONE_4K, NONE_64K] {
        let files = [cgroup, ("proc/self/mountinfo", V1_MOUNT), (limit, none)];
        assert_eq!(read_tree(&files).unwrap(), None);
    }
    let files = [("proc/self/cgroup", "0::/\n"), ("proc/self/mountinfo", V2_MOUNT)];
    assert_eq!(read_tree(&files).unwrap(), None, "the root of version 2");
    assert_eq!(read_tree(&[cgroup]).unwrap(), None, "no hierarchy is mounted");
    assert_eq!(read_tree(&[]).unwrap(), None, "no cgroups at all");
}

#[test]
fn a_cgroup_that_is_removed_while_it_is_read_counts_as_none() {
    let at = |file: &'static str| ["sys/fs/cgroup/", file].concat();
    let (limit, current) = (at("memory.max"), at("memory.current"));
    let files = [
        ("proc/self/cgroup", "0::/\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        (limit.as_str(), "100\n"),
        (current.as_str(), "40\n"),
    ];
    assert_eq!(read_tree(&files[..3]).unwrap(), None);
    // Without `memory.stat`, all of the usage counts.
    assert_eq!(read_tree(&files).unwrap(), Some(Usage { used: 40, limit: 100 }));
}

#[test]
fn a_working_set_is_never_negative_and_broken_files_are_errors() {
    let with = |limit: &str, current: &str, stat: &str| {
        read_tree(&[
            ("proc/self/cgroup", "0::/\n"),
            ("proc/self/mountinfo", V2_MOUNT),
            ("sys/fs/cgroup/memory.max", limit),
            ("sys/fs/cgroup/memory.current", current),
            ("sys/fs/cgroup/memory.stat", stat),
        ])
    };
    let empty = Some(Usage { used: 0, limit: 100 });
    assert_eq!(with("100", "5", "inactive_file 9\n").unwrap(), empty);
    for (broken, file) in [
        (with("lots", "5", ""), "`memory.max`"),
        (with("100", "", ""), "`memory.current`"),
        (with("100", "5", "inactive_file -1\n"), "`memory.stat`"),
    ] {
        let error = broken.unwrap_err().to_string();
        assert_eq!(error, format!("{file} is not a number of bytes"));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_with_its_path() {
    let root = tree(&[("proc/self/mountinfo", V2_MOUNT)]);
    fs::create_dir_all(root.path().join("proc/self/cgroup")).unwrap();
    let error = read(root.path()).unwrap_err().to_string();
    assert!(error.contains("proc/self/cgroup: "), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_cgroup_of_this_process_is_readable() {
    if let Some(usage) = read(Path::new("/")).unwrap() {
        assert!(usage.used > 0 && usage.limit < UNLIMITED, "{usage:?}");
    }
}
