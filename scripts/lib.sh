# What the scripts share: where the project is, what must be installed, how long a step took.
# Sourced, never run. Works from any directory and asks nothing on standard input.

set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
exec </dev/null

# What a script begins with, after its first line, is its help.
case "${1:-}" in
    -h | --help)
        sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "scripts/$(basename "$0")"
        exit
        ;;
esac

# The table below the steps: "seconds name" lines, in order.
step_times=()
step_running=""
trap 'status=$?; [ $status -eq 0 ] || [ -z "$step_running" ] || \
    echo "FAILED: $step_running (exit $status)" >&2' EXIT

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# step NAME COMMAND…: runs it, says how long it took, ends the script if it fails.
step() {
    local name="$1" began ended
    shift
    step_running="$name"
    echo "--- $name"
    began=$(date +%s.%N)
    "$@"
    ended=$(date +%s.%N)
    step_running=""
    step_times+=("$(awk -v a="$began" -v b="$ended" 'BEGIN { printf "%7.1f s", b - a }')  $name")
    echo "${step_times[-1]}"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo --non-interactive "$@"
    fi
}

# Installs what `scripts/packages`, and the lists given, name and this machine lacks. Touches the
# network only then.
install_packages() {
    local package missing=()
    if ! command -v dpkg-query >/dev/null; then
        echo "not a Debian: expecting what scripts/packages lists to be installed"
        return 0
    fi
    while read -r package; do
        dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
            grep -qx installed || missing+=("$package")
    done < <(sed -s -e 's/#.*//' -e '/^[[:space:]]*$/d' scripts/packages "$@")
    if [ ${#missing[@]} -eq 0 ]; then
        echo "nothing is missing"
        return 0
    fi
    echo "installing: ${missing[*]}"
    as_root true 2>/dev/null ||
        fail "that takes root, or sudo that asks for no password. Have root run:
    apt-get install --no-install-recommends ${missing[*]}"
    as_root apt-get update -qq
    # With this status Debian's policy-rc.d keeps a package from starting its service: nobody who
    # runs the tests asked for a web server on port 80.
    as_root env DEBIAN_FRONTEND=noninteractive bash -c '
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            trap "rm -f $policy" EXIT
            printf "#!/bin/sh\nexit 101\n" >$policy
            chmod 755 $policy
        fi
        apt-get install --yes --no-install-recommends -qq "$@" >/dev/null' install "${missing[@]}"
}

# Before anything else: Swift is there, what is missing of Debian is installed, Swift starts with it.
# Takes lists of packages besides `scripts/packages`.
prepare() {
    find_swift
    step "packages" install_packages "$@"
    step "Swift" require_swift
}

# Swift itself is no Debian package, so this only looks for it and says how to get it.
find_swift() {
    if ! command -v swift >/dev/null; then
        cat >&2 <<'TEXT'
Swift is not installed, or not in PATH. Checkmesh needs Swift 6.3 or later, which Debian does not
package. Get the toolchain for Debian 12 from https://www.swift.org/install/linux/ (with Swift's
own installer: `swiftly install 6.3`), put its usr/bin into PATH and start this script again.
TEXT
        exit 1
    fi
}

require_swift() {
    local said version
    # Without the libraries it is linked with, Swift is found and yet does not start.
    said=$(swift --version 2>&1) || fail "'swift --version' does not run: $said"
    version=$(sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' <<<"$said")
    [ -n "$version" ] || fail "could not read the version that 'swift --version' prints"
    [ "$(printf '%s\n6.3\n' "$version" | sort -V | head -n 1)" = 6.3 ] ||
        fail "found Swift $version; Checkmesh needs 6.3 or later"
    echo "Swift $version"
}
