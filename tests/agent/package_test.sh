#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The .deb in a clean root that holds nothing but what it depends on: package_test.sh BUILD. Needs dpkg-shlibdeps (dpkg-dev: tools/setup.d/package.sh), and root or a
# user namespace in which it is root.
# The root is made of the files of the packages that the .deb declares, and of those that they need in turn: what it forgot to declare is not there.
set -eu
build=$(realpath "$1")
if [ "$(id -u)" != 0 ]; then
  unshare -r true 2>/dev/null || { echo "package: a chroot needs root, or user namespaces"; exit 77; }
  exec unshare -r "$0" "$build"
fi
command -v dpkg-shlibdeps >/dev/null || { echo "package: dpkg-shlibdeps is missing (apt-get install dpkg-dev)"; exit 77; }
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
(cd "$build" && cpack -G DEB -B "$top/out" >"$top/log" 2>&1) || { cat "$top/log"; exit 1; }
deb=$(echo "$top"/out/*.deb)
depends=$(dpkg-deb -f "$deb" Depends)
echo "package: depends on $depends"
names() { tr ',' '\n' | sed 's/|.*//; s/(.*//; s/:any//; s/ //g' | grep -v '^$'; }
open=$(printf '%s' "$depends" | names)
# Base packages that every Debian has: the loader, a shell.
seen='' open="$open libc6 dash libc-bin ca-certificates"
while [ -n "$open" ]; do
  next=''
  for package in $open; do
    case " $seen " in *" $package "*) continue ;; esac
    seen="$seen $package"
    next="$next $(dpkg-query -W -f '${Depends}, ${Pre-Depends}' "$package" 2>/dev/null | names | tr '\n' ' ')"
  done
  open=$(echo "$next" | tr -s ' ')
  [ "$open" != ' ' ] || open=''
done
root=$top/root
mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/sbin" "$root/usr/lib64" "$root/tmp" "$root/dev" "$root/root"
ln -s usr/bin "$root/bin" && ln -s usr/lib "$root/lib" && ln -s usr/sbin "$root/sbin" && ln -s usr/lib64 "$root/lib64"
for package in $seen; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || continue
  dpkg -L "$package" 2>/dev/null | while read -r file; do
    if [ ! -d "$file" ] || [ -L "$file" ]; then if [ -e "$file" ]; then echo "$file"; fi; fi
  done
done | grep -v -e '^/usr/share/\(doc\|man\|locale\|perl\)' -e '^/bin$' -e '^/lib$' -e '^/lib64$' -e '^/sbin$' | sort -u >"$top/files"
tar -C / -cf - --no-recursion -T "$top/files" 2>/dev/null | tar -C "$root" --keep-directory-symlink -xf - 2>/dev/null
mknod -m 666 "$root/dev/null" c 1 3 2>/dev/null || : >"$root/dev/null"
cp /etc/ld.so.conf "$root/etc/" 2>/dev/null || { mkdir -p "$root/etc"; cp /etc/ld.so.conf "$root/etc/"; }
cp -r /etc/ld.so.conf.d "$root/etc/"
ldconfig -r "$root"
# dpkg itself installs it: its database holds the declared packages and no others, so that it refuses where one is missing or too old.
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers" "$root/var/log"
: >"$root/var/lib/dpkg/status"
if dpkg --root="$root" --log=/dev/null --install "$deb" >"$top/said" 2>&1; then echo "package: it was installed without what it depends on"; exit 1; fi
rm -rf "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" && mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
for package in $seen; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || continue
  dpkg-query -s "$package"
  echo
  : >"$root/var/lib/dpkg/info/$package.list"
done >"$root/var/lib/dpkg/status"
dpkg --root="$root" --log=/dev/null --install "$deb" >"$top/said" 2>&1 || { cat "$top/said"; exit 1; }
dpkg --root="$root" -s contraflow | grep -q '^Status: install ok installed' || { echo "package: dpkg does not call it installed"; exit 1; }
in_root() { env -i HOME=/root PATH=/usr/bin:/bin "$(command -v chroot)" "$root" "$@"; }
in_root contraflow --version >"$top/said"
grep -q '^contraflow ' "$top/said" && grep -q '^parser: PostgreSQL' "$top/said" && grep -q '^servers:' "$top/said" || { cat "$top/said"; exit 1; }
printf 'ALTER TABLE users ALTER COLUMN email SET NOT NULL;\n' >"$root/tmp/m.sql"
if in_root contraflow check /tmp/m.sql >"$top/said" 2>&1; then echo "package: check found nothing"; exit 1; fi
grep -q set-not-null-scans-table "$top/said" || { cat "$top/said"; exit 1; }
if in_root contraflow doctor >"$top/said" 2>&1; then echo "package: doctor found a server in a root without one"; exit 1; fi
grep -q 'apt-get install postgresql' "$top/said" || { cat "$top/said"; exit 1; }
# The library that only ask needs: it gets as far as the connection.
if in_root /bin/sh -c 'cd /tmp && echo "CREATE TABLE users (id int);" >s.sql && ANTHROPIC_BASE_URL=http://127.0.0.1:9 contraflow ask x --from "host=/nowhere"' >"$top/said" 2>&1; then exit 1; fi
if grep -q 'error while loading shared libraries\|cannot open shared object' "$top/said"; then cat "$top/said"; exit 1; fi
for file in usr/share/man/man1/contraflow.1 usr/share/bash-completion/completions/contraflow usr/share/zsh/vendor-completions/_contraflow usr/share/fish/vendor_completions.d/contraflow.fish \
            usr/share/contraflow/schemas/plan.schema.json usr/share/contraflow/prompts/check_migration.md usr/share/contraflow/assistants/mcp.json usr/share/contraflow/assistants/cursor-hooks.json usr/share/doc/contraflow/copyright; do
  # man pages may be packed
  [ -s "$root/$file" ] || [ -s "$root/$file.gz" ] || { echo "package: $file is missing"; exit 1; }
done
# Every installed text can be read by those that read it.
if command -v man >/dev/null; then
  for page in contraflow:'contraflow apply' contraflow-plan:soft-delete contraflow-check:fail-on contraflow-rules:RULE; do
    file=$(ls "$root/usr/share/man/man1/${page%%:*}.1"*)
    man --warnings -l "$file" >"$top/shown" 2>"$top/warned"
    grep -q -e "${page#*:}" "$top/shown" || { echo "package: man does not show $file"; exit 1; }
    [ ! -s "$top/warned" ] || { cat "$top/warned"; exit 1; }
  done
fi
bash -n "$root/usr/share/bash-completion/completions/contraflow"
for json in "$root"/usr/share/contraflow/schemas/*.json "$root"/usr/share/contraflow/assistants/*.json; do python3 -m json.tool "$json" >/dev/null || { echo "package: $json is no JSON"; exit 1; }; done
# It goes without a trace.
dpkg --root="$root" --log=/dev/null --purge contraflow >"$top/said" 2>&1 || { cat "$top/said"; exit 1; }
left=$(find "$root" -path "$root/proc" -prune -o -name '*contraflow*' ! -path "$root/root/*" ! -path "$root/tmp/*" ! -path "$root/var/lib/dpkg/*" -print)
[ -z "$left" ] || { echo "package: left behind: $left"; exit 1; }
# `make install` places the same files, by hand.
"$(dirname "$(realpath "$0")")/../../tools/install.sh" "$build/contraflow" "$top/dest/usr/local" >/dev/null
names_of() { (cd "$1" && find . -type f ! -path './share/doc/*' -printf '%f\n' | sed 's/\.gz$//' | sort); }
dpkg-deb -x "$deb" "$top/packed"
if [ "$(names_of "$top/dest/usr/local")" != "$(names_of "$top/packed/usr")" ]; then echo "package: make install and the package differ:"; names_of "$top/dest/usr/local"; echo --; names_of "$top/packed/usr"; exit 1; fi
"$top/dest/usr/local/bin/contraflow" --version >/dev/null
echo "package: $(basename "$deb") runs on its $(echo "$seen" | wc -w) declared packages"
