#!/bin/sh
# Installs what this machine lacks to build Bulwark, or to build and test it. Fast when nothing is
# missing, and the same however often it runs.
#
#   tools/setup.sh [build|test|scenarios]   install for that stage; each includes those before it
#                                           (default: test)
#   tools/setup.sh list                     print the Debian packages
#
# What is missing is named, one line each; the noise of the package managers goes to a log, and is
# shown when they fail. Exit codes: 3 when this machine cannot have it, with what to do.
set -eu

# Columns: Debian package, a program or a file that shows it is there, needed for, why.
packages() {
  cat <<'END'
make            make                    build   runs the Makefile
clang           clang                   build   compiles bpf/ to eBPF
llvm            llvm-strip              build   takes the debug sections out of the eBPF
libbpf-dev      /usr/include/bpf/bpf.h  build   native/ loads eBPF programs with it
libelf-dev      /usr/include/libelf.h   build   libbpf reads object files with it
zlib1g-dev      /usr/include/zlib.h     build   libelf unpacks sections with it
g++             g++                     build   compiles the Node.js addon in native/
gcc             gcc                     test    compiles the test lab's programs
libc6-dev       /usr/include/stdio.h    test    is their C library
clang-format    clang-format            test    checks the layout of C and C++
git             git                     test    shows whether generated files are committed
runc            runc                    test    runs the containers of the test lab
containerd      containerd              test    runs the pods of the test lab
busybox-static  /var/lib/dpkg/info/busybox-static.list test is their file system
iproute2        ip                      test    gives them addresses
mount           mount                   test    mounts their overlay file systems
util-linux      nsenter                 test    puts the lab's attacker in their network
qemu-system-x86 qemu-system-x86_64      test    runs the kernels that tests go through
cpio            cpio                    test    packs what those start from
e2fsprogs       mke2fs                  test    makes their file system
xz-utils        xz                      test    unpacks their modules
bsdutils        script                  test    gives a program in them a terminal
kubernetes-client kubectl               test    is a client of the lab's API server
openssl         openssl                 test    makes its certificates
debootstrap     debootstrap             scenarios makes the Debian that `make scenarios` attacks
strace          strace                  scenarios shows whether what was tried really happened
END
}

# Node.js: the oldest that runs TypeScript by itself, and the one installed where it is older. The
# npm packages hold Node's own release: the program, and the headers that native/ needs. Pinned by
# content too: it will run as root, so it must be the file that was looked at.
node_min=22.18
node_version=24.21.0
node_sha256_x64=61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b
node_sha256_arm64=fba3076c16d21e5d814577436bdcb782b9b66bed09c6fa8278298e8933288bbb

cd "$(dirname "$0")/.."
log=.build/setup.log
PATH=$PATH:/usr/sbin:/sbin # Debian's runc and ip are there, and a user's PATH may lack it.

say() { echo "setup: $*" >&2; }

cannot() { # what, what to do
  say "$1"
  say "  $2"
  exit 3
}

# Runs a noisy command; when it fails, shows what it said: both ends, where that is long.
quietly() { # what to do when it fails, command...
  advice=$1
  shift
  echo "\$ $*" >>"$log"
  if ! "$@" >.build/output 2>&1 </dev/null; then
    cat .build/output >>"$log"
    awk '{ line[NR] = $0 }
      END { for (n = 1; n <= NR; n++) if (n <= 15 || n > NR - 15) print line[n] }' .build/output >&2
    cannot "\`$*\` failed; the whole log is $log" "$advice"
  fi
  cat .build/output >>"$log"
}

is_there() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

install_packages() { # stage
  packages >.build/packages
  missing=
  while read -r name shown needed why; do
    case $1:$needed in build:test | build:scenarios | test:scenarios) continue ;; esac
    if is_there "$shown"; then continue; fi
    say "$name ($why)"
    missing="$missing $name"
  done <.build/packages
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null ||
    cannot "no apt-get here" "install these by this system's means, then run this again:$missing"
  [ "$(id -u)" = 0 ] ||
    cannot "only root installs packages" \
      "run as root: apt-get install --no-install-recommends -y$missing"
  export DEBIAN_FRONTEND=noninteractive
  # On a fresh machine another apt-get may be at work: wait for it.
  set -- -o DPkg::Lock::Timeout=120
  quietly "check the network and the package sources, then run this again" apt-get "$@" update
  # shellcheck disable=SC2086 # one word a package
  quietly "try it by hand: apt-get install --no-install-recommends -y$missing" \
    apt-get "$@" install --no-install-recommends -y $missing
}

# Whether a Node.js runs TypeScript.
runs_types() {
  version=$("$1" --version 2>/dev/null) || return 1
  minor=${version#*.} minor=${minor%%.*} major=${version#v} major=${major%%.*}
  [ "$major" -gt "${node_min%.*}" ] ||
    { [ "$major" -eq "${node_min%.*}" ] && [ "$minor" -ge "${node_min#*.}" ]; }
}

# Whether the headers that native/ needs lie beside a Node.js.
has_headers() { [ -e "$(dirname "$(readlink -f "$1")")/../include/node/node_api.h" ]; }

install_node() {
  if [ -x .node/bin/node ]; then
    there=$(.node/bin/node --version)
    [ "$there" != "v$node_version" ] || return 0
    why="in place of $there"
  elif own=$(command -v node) && ! runs_types "$own"; then
    why="this machine's $("$own" --version) is older than $node_min"
  elif ! has_headers "$own"; then
    why="this machine's $("$own" --version) comes without its headers"
  else
    return 0
  fi
  case $(uname -m) in
    x86_64) arch=x64 sum=$node_sha256_x64 ;;
    aarch64) arch=arm64 sum=$node_sha256_arm64 ;;
    *) cannot "no Node.js package for $(uname -m)" "install Node.js $node_min or newer" ;;
  esac
  say "Node.js $node_version into .node/ ($why)"
  archive=.build/node-linux-$arch-$node_version.tgz
  quietly "check the network and npm's registry setting, then run this again" \
    npm pack "node-linux-$arch@$node_version" --pack-destination .build
  echo "$sum  $archive" >.build/node.sum
  quietly "$archive is not the release that tools/setup.sh expects: do not use it" \
    sha256sum --check .build/node.sum
  rm -rf .node .build/node
  mkdir .build/node
  quietly "free some disk space, then run this again" tar -xzf "$archive" -C .build/node \
    --strip-components=1 package/bin package/include package/LICENSE
  mv .build/node .node # Whole or not at all, also when interrupted.
  rm -f "$archive" .build/node.sum
}

install_modules() {
  for stamp in node_modules/.setup node_modules/.package-lock.json; do
    if [ "$stamp" -nt package-lock.json ]; then return 0; fi
  done
  say "npm packages into node_modules/ (as package-lock.json lists them)"
  # Not `npm ci`: it refuses a lock file without every platform's optional packages, and npm writes
  # such a one wherever a registry lacks some. No package runs a script here: none of ours needs to.
  quietly "check the network and npm's registry setting, then run this again" \
    npm install --no-save --ignore-scripts --no-audit --no-fund
  touch node_modules/.setup
}

stage=${1:-test}
case $stage in
  build | test | scenarios) ;;
  list) packages && exit ;;
  *) say "unknown stage \`$stage\`; expected build, test, scenarios or list" && exit 2 ;;
esac
[ "$(uname -s)" = Linux ] || cannot "this is $(uname -s)" "Bulwark builds and runs on Linux"
mkdir -p .build
: >"$log"
install_packages "$stage"
command -v npm >/dev/null && command -v node >/dev/null ||
  cannot "npm is missing" "install it, as root: apt-get install npm"
install_node
PATH=$PWD/.node/bin:$PATH
install_modules
say "ready to $stage, with Node.js $(node --version)"
