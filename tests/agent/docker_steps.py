#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Dockerfile without Docker: its steps, one after another, in roots that mmdebstrap makes, and the image's command in the last one. A long run (it builds the
program from nothing) by root, with mmdebstrap (Debian) and a network; not part of ctest:

  tests/agent/docker_steps.py            # docs/quality.md says what it last said

What an image's Debian is to Docker is here `mmdebstrap --variant=minbase bookworm`. Known instructions: FROM, COPY, RUN, USER, WORKDIR, ENTRYPOINT, CMD; another one fails.
"""
import argparse, fnmatch, glob, json, os, pathlib, re, shlex, shutil, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# A network that needs certificates of its own has them in the host's bundle; the root's own is written anew when ca-certificates is installed there.
BUNDLE, IN_ROOT = '/etc/ssl/certs/ca-certificates.crt', '/usr/local/share/certificates-of-the-network.crt'


def instructions(text):
    """[(word, rest)], lines that end in a backslash joined, comments left out"""
    text = re.sub(r'\\\n', ' ', '\n'.join(line for line in text.splitlines() if not line.lstrip().startswith('#')))
    return [tuple(line.strip().split(None, 1)) for line in text.splitlines() if line.strip()]


def in_root(root, command, user=None, folder='/', env=None, binds=(), **more):
    """the command in the root, with /proc and /dev, in a mount namespace of its own"""
    mounts = ''.join(f'mkdir -p {shlex.quote(str(root) + to)} && mount --rbind {shlex.quote(str(of))} {shlex.quote(str(root) + to)} && ' for of, to in [('/proc', '/proc'), ('/dev', '/dev'), *binds])
    who = ['--userspec=' + user] if user else []
    inner = ['chroot', *who, str(root), '/bin/sh', '-c', f'cd {shlex.quote(folder)} && exec "$@"', 'sh', *command]
    clean = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': f'/home/{user}' if user else '/root', **(env or {})}
    return subprocess.run(['unshare', '-m', 'sh', '-ec', mounts + shlex.join(inner)], env=clean, stdin=subprocess.DEVNULL, **more)


class Image:
    def __init__(self, root):
        self.root, self.user, self.folder, self.entry, self.command = root, None, '/', [], []


def build(top, network):
    base = top / 'base'
    if not base.exists(): subprocess.run(['mmdebstrap', '--quiet', '--variant=minbase', 'bookworm', str(base)], check=True)
    for source, to in (('/etc/resolv.conf', '/etc/resolv.conf'), (BUNDLE, IN_ROOT)):
        if os.path.exists(source):
            (base / to[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, base / to[1:])
    stages, image = {}, None
    for word, rest in instructions((ROOT / 'Dockerfile').read_text()):
        begun = time.monotonic()
        if word == 'FROM':
            name = rest.split()
            if not re.fullmatch(r'debian:12(-slim)?', name[0]): sys.exit(f'docker steps: {name[0]} is no Debian 12')
            image = Image(top / f'stage{len(stages)}')
            stages[name[2] if len(name) == 3 else f'stage{len(stages)}'] = image
            again = len(name) == 3 and image.root.exists()  # --keep: a named stage goes on where it stopped
            if not again:
                shutil.rmtree(image.root, ignore_errors=True)
                subprocess.run(['cp', '-a', str(base), str(image.root)], check=True)
        elif word == 'COPY':
            words = rest.split()
            source_of = stages[words.pop(0).split('=')[1]] if words[0].startswith('--from=') else None
            *sources, target = words
            to = image.root / target.lstrip('/')
            for source in sources:
                if source_of is None and source == '.':
                    ignored = [line.strip() for line in (ROOT / '.dockerignore').read_text().splitlines() if line.strip()]
                    for file in subprocess.run(['git', '-C', str(ROOT), 'ls-files', '-co', '--exclude-standard', '-z'], check=True, capture_output=True, text=True).stdout.split('\0'):
                        if not file or any(fnmatch.fnmatch(part, pattern) for part in file.split('/')[:1] for pattern in ignored): continue
                        (to / file).parent.mkdir(parents=True, exist_ok=True)
                        shutil.copy2(ROOT / file, to / file, follow_symlinks=False)
                elif source_of is not None:
                    found = glob.glob(str(source_of.root / source.lstrip('/')))
                    if not found: sys.exit(f'docker steps: nothing is {source}')
                    to.mkdir(parents=True, exist_ok=True)
                    for one in found: shutil.copy2(one, to)
                else:
                    sys.exit(f'docker steps: COPY {rest} is not known here')
        elif word == 'RUN':
            done = in_root(image.root, ['/bin/sh', '-c', rest], user=image.user, folder=image.folder, env=network)
            if done.returncode: sys.exit(f'docker steps: RUN failed with {done.returncode}: {rest}')
        elif word == 'USER': image.user = rest
        elif word == 'WORKDIR':
            image.folder = rest
            (image.root / rest.lstrip('/')).mkdir(parents=True, exist_ok=True)
        elif word == 'ENTRYPOINT': image.entry = json.loads(rest)
        elif word == 'CMD': image.command = json.loads(rest)
        else: sys.exit(f'docker steps: {word} is not known here')
        print(f'ok    {word} {rest[:100]}  ({time.monotonic() - begun:.0f} s)', flush=True)
    return image


def use(image, project):
    failed = []

    def run(what, words, code, says):
        done = in_root(image.root, [*image.entry, *(words if words is not None else image.command)], user=image.user, folder=image.folder, binds=[(project, image.folder)], capture_output=True, text=True)
        good = done.returncode == code and all(text in done.stdout + done.stderr for text in says)
        print(('ok    ' if good else 'FAIL  ') + what + ('' if good else f': exit {done.returncode}\n{done.stdout}{done.stderr}'), flush=True)
        if not good: failed.append(what)

    (project / 'db/migrations').mkdir(parents=True)
    (project / 'db/migrations/001_table.sql').write_text('CREATE TABLE users (id bigint PRIMARY KEY, email text);\n')
    (project / 'db/migrations/002_index.sql').write_text('CREATE INDEX ON users (email);\n')
    subprocess.run(['chmod', '-R', 'a+rwX', str(project)], check=True)
    run('without a command: the help', None, 0, ['contraflow', 'check'])
    run('--version names the parser and the server', ['--version'], 0, ['parser: PostgreSQL', 'servers:', '15'])
    run('doctor finds a server', ['doctor'], 0, ['PostgreSQL 15'])
    run('check', ['check', 'db/migrations'], 1, ['create-index-blocks-writes'])
    run('fix, on a server that it starts itself, not as root', ['fix', 'db/migrations', '--out', 'plan'], 0, ['proven: the plan ends in the schema'])
    run('rehearse', ['rehearse', 'plan', '--schema', 'db/migrations/001_table.sql'], 0, ['proven'])
    user = subprocess.run(['stat', '-c', '%u', str(project / 'plan')], capture_output=True, text=True).stdout.strip()
    print('ok    what it writes belongs to user', user)
    return failed or (user == '0' and ['it ran as root'])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--keep', help='a folder for the roots, which are kept')
    options = parser.parse_args()
    if os.geteuid(): sys.exit('docker steps: root makes the roots')
    if not shutil.which('mmdebstrap'): sys.exit('docker steps: apt-get install mmdebstrap')
    os.nice(10)
    network = {k: v for k, v in os.environ.items() if k.lower().endswith('_proxy')} | {'NODE_EXTRA_CA_CERTS': IN_ROOT}
    top = pathlib.Path(options.keep or tempfile.mkdtemp(prefix='contraflow-docker-'))
    top.mkdir(exist_ok=True)
    top.chmod(0o755)
    try:
        failed = use(build(top, network), top / 'project')
    finally:
        if not options.keep: shutil.rmtree(top, ignore_errors=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
