#!/bin/sh
# Two clean clones of this checkout's HEAD in different folders, both built without a network, the second as another user: the same SHA-256 of
# every artefact, or status 1. Only root can become another user and take the network away; who is not root is told what was left out.
set -eu
root=$(git rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
chmod 711 "$work"
goroot=$(go env GOROOT)
mkdir "$work/proxy"
cp -R "$(go env GOMODCACHE)/cache/download/." "$work/proxy/" # packed modules, which each build unpacks and holds against go.sum
chmod -R a+rX "$work/proxy"

build() { # folder, command that becomes another user
	dir=$1; shift
	mkdir -p "$dir.home"
	git -c safe.directory='*' clone -q --no-hardlinks "$root" "$dir"
	case "$*" in *setpriv*) chown -R 65534:65534 "$dir" "$dir.home" ;; esac
	"$@" env -i PATH="$goroot/bin:/usr/bin:/bin" HOME="$dir.home" GOPROXY="file://$work/proxy" GOSUMDB=off GOFLAGS="-mod=readonly -modcacherw" \
		GOTOOLCHAIN=local GOENV=off GOTELEMETRY=off sh -c "cd '$dir' && make release >build.log 2>&1 || { cat build.log; exit 1; }"
	cat "$dir/bin/SHA256SUMS"
}

echo "as $(id -un), in $work/one"
if [ "$(id -u)" = 0 ]; then
	build "$work/one" unshare --net
	mkdir -m 755 -p "$work/elsewhere/deeper"
	echo "as user 65534, in $work/elsewhere/deeper/two"
	build "$work/elsewhere/deeper/two" unshare --net setpriv --reuid 65534 --regid 65534 --clear-groups
else
	build "$work/one"
	mkdir -p "$work/elsewhere/deeper"
	echo "as $(id -un) again (another user and no network take root), in $work/elsewhere/deeper/two"
	build "$work/elsewhere/deeper/two"
fi
cmp "$work/one/bin/SHA256SUMS" "$work/elsewhere/deeper/two/bin/SHA256SUMS"
echo "the same SHA-256 of every artefact"
