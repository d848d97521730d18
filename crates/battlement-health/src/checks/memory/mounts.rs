use std::path::{Component, Path, PathBuf};

/// A mounted cgroup hierarchy that accounts memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hierarchy {
    pub(super) version: Version,
    /// The directory at which the hierarchy, or the visible part of it, is mounted.
    pub(super) top: PathBuf,
    /// The directory of the process's cgroup: `top` or below it.
    pub(super) leaf: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

impl Hierarchy {
    /// Finds the hierarchy in `/proc/self/cgroup` (cgroups(7)) and `/proc/self/mountinfo` (proc(5)).
    ///
    /// Where both versions are mounted, the controller of memory belongs to version 1 if it is listed there.
    pub(super) fn find(cgroup: &str, mountinfo: &str) -> Option<Self> {
        let of = |version| {
            let path = cgroup.lines().find_map(|line| path_of(line, version))?;
            let mounts = mountinfo.lines().filter_map(|line| mount_of(line, version));
            // The mount that shows the cgroup from its nearest ancestor.
            let depth = |mount: &Mount| mount.inside(path).map(|_| mount.root.components().count());
            let mount = mounts.max_by_key(depth)?;
            let leaf =
                mount.inside(path).map_or(mount.point.clone(), |path| mount.point.join(path));
            Some(Self { version, top: mount.point, leaf })
        };
        of(Version::V1).or_else(|| of(Version::V2))
    }
}

/// Returns the path in a line `7:cpu,memory:/a/b` of version 1, or `0::/a/b` of version 2.
fn path_of(line: &str, version: Version) -> Option<&str> {
    let (id, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let is_memory = match version {
        Version::V1 => controllers.split(',').any(|controller| controller == "memory"),
        Version::V2 => id == "0" && controllers.is_empty(),
    };
    is_memory.then_some(path)
}

struct Mount {
    /// The cgroup that is visible at the mount point.
    root: PathBuf,
    point: PathBuf,
}

impl Mount {
    /// Returns the path of a cgroup below the mount point, if it is visible there.
    fn inside<'a>(&self, path: &'a str) -> Option<&'a Path> {
        let inside = Path::new(path).strip_prefix(&self.root).ok()?;
        // A cgroup outside of the process's cgroup namespace is shown as `/../other`.
        inside.components().all(|part| matches!(part, Component::Normal(_))).then_some(inside)
    }
}

/// Returns the mount in a line `36 35 98:0 /root /point rw,noatime master:1 - cgroup cgroup rw,memory`.
fn mount_of(line: &str, version: Version) -> Option<Mount> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut file_system = file_system.split(' ');
    let kind = file_system.next()?;
    let options = file_system.nth(1).unwrap_or_default();
    let is_memory = match version {
        Version::V1 => kind == "cgroup" && options.split(',').any(|option| option == "memory"),
        Version::V2 => kind == "cgroup2",
    };
    let mut fields = mount.split(' ').skip(3);
    let mut field = || fields.next().map(|field| PathBuf::from(unescape(field)));
    let mount = Mount { root: field()?, point: field()? };
    is_memory.then_some(mount)
}

/// Replaces `\040` and the other octal escapes of a path in `mountinfo`.
fn unescape(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|code| u8::from_str_radix(code, 8).ok());
        match code {
            Some(code) if code.is_ascii() => {
                path.push(code.into());
                path.push_str(&part[3..]);
            }
            _ => {
                path.push('\\');
                path.push_str(part);
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
                      32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                      33 31 0:30 / /proc rw - proc proc rw,memory\n";
    const V2: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    fn find(cgroup: &str, mountinfo: &str) -> Option<(Version, PathBuf, PathBuf)> {
        let Hierarchy { version, top, leaf } = Hierarchy::find(cgroup, mountinfo)?;
        Some((version, top, leaf))
    }

    #[test]
    fn the_cgroup_is_below_the_mount_point_of_its_hierarchy() {
        let v1 = |leaf: &str| Some((Version::V1, "/sys/fs/cgroup/memory".into(), leaf.into()));
        let v2 = |leaf: &str| Some((Version::V2, "/sys/fs/cgroup".into(), leaf.into()));
        for (cgroup, mounts, found) in [
            ("0::/\n", V2, v2("/sys/fs/cgroup")),
            ("0::/a/b\n", V2, v2("/sys/fs/cgroup/a/b")),
            ("7:memory:/a\n3:cpu:/b\n", V1, v1("/sys/fs/cgroup/memory/a")),
            ("7:hugetlb,memory:/a:b\n0::/c\n", V1, v1("/sys/fs/cgroup/memory/a:b")),
            // The two versions are mounted, and version 2 has no controller.
            ("7:memory:/a\n0::/b\n", &format!("{V2}{V1}"), v1("/sys/fs/cgroup/memory/a")),
            // Version 2 has the controller of memory.
            ("3:cpu:/b\n0::/c\n", &format!("{V1}{V2}"), v2("/sys/fs/cgroup/c")),
            ("3:cpu:/b\n", V1, None),
            // A hierarchy of version 1 without controllers, and a controller where there can be none.
            ("4::/a\n", V2, None),
            ("0:cpu:/a\n", V2, None),
            ("0::/a\n", V1, None),
            ("", V2, None),
            ("0::/a", "", None),
            ("broken", "broken - cgroup2", None),
        ] {
            assert_eq!(find(cgroup, mounts), found, "{cgroup} {mounts}");
        }
    }

    #[test]
    fn a_mount_shows_the_cgroups_below_its_root() {
        let of =
            |root: &str, point: &str| format!("1 1 0:1 {root} {point} rw - cgroup2 cgroup2 rw\n");
        let leaf = |cgroup: &str, mounts: &str| {
            Hierarchy::find(&format!("0::{cgroup}\n"), mounts).map(|found| found.leaf)
        };
        let docker = of("/docker/1", "/sys/fs/cgroup");
        assert_eq!(leaf("/docker/1", &docker), Some("/sys/fs/cgroup".into()));
        assert_eq!(leaf("/docker/1/x", &docker), Some("/sys/fs/cgroup/x".into()));
        // Outside of what is visible, the mount point is the nearest.
        assert_eq!(leaf("/docker/12", &docker), Some("/sys/fs/cgroup".into()));
        assert_eq!(leaf("/../2", &of("/", "/a")), Some("/a".into()));
        // The nearest of several mounts shows the cgroup.
        let many = [of("/b", "/m1"), of("/", "/m2"), of("/a/b", "/m4"), of("/a", "/m3")].concat();
        assert_eq!(leaf("/a/c", &many), Some("/m3/c".into()));
        assert_eq!(leaf("/a/b/c", &many), Some("/m4/c".into()));
        assert_eq!(leaf("/b", &many), Some("/m1".into()));
        assert_eq!(leaf("/c", &many), Some("/m2/c".into()));
    }

    #[test]
    fn escapes_in_paths_are_replaced() {
        for (field, path) in [
            ("/a", "/a"),
            ("/a\\040b\\011", "/a b\t"),
            ("/a\\134040", "/a\\040"),
            ("/a\\04", "/a\\04"),
            ("/a\\x", "/a\\x"),
            ("/a\\377", "/a\\377"),
        ] {
            assert_eq!(unescape(field), path);
        }
    }
}
