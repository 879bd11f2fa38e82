# SPDX-License-Identifier: Apache-2.0
"""One throwaway PostgreSQL server: an unprivileged user's, on a Unix socket of its own, gone with this process."""
import contextlib, ctypes, glob, itertools, os, pwd, re, shutil, signal, subprocess, tempfile, time

ROLES = ('app', 'reader', 'manager')  # goldens grant to these; a role belongs to the whole server, so no golden makes its own
SETTINGS = ('listen_addresses=', 'fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'max_connections=50', 'autovacuum=off',
            'max_wal_size=512MB', 'shared_buffers=64MB', 'timezone=UTC', 'log_min_messages=fatal', 'max_prepared_transactions=0')
ROOM = 3 << 30  # bytes: WAL, and the databases of two goldens at once


def find_servers(root):
    """{major: folder with initdb and postgres}: Debian's, and those that tools/get_servers.sh fetched"""
    found = {}
    for folder in glob.glob('/var/cache/contraflow/servers/*/native/bin') + glob.glob(root + '/build/servers/*/native/bin') + glob.glob('/usr/lib/postgresql/*/bin'):
        if os.access(folder + '/postgres', os.X_OK) and os.access(folder + '/initdb', os.X_OK):
            found[int(re.search(r'/(\d+)[^/]*/(?:native/)?bin$', folder)[1])] = folder
    return found


def _clients():
    """the folder of the client programs that Debian's wrappers in /usr/bin would choose, at a fifth of a wrapper's cost: the goldens start tens of thousands"""
    found = [f for f in glob.glob('/usr/lib/postgresql/*/bin') if os.access(f + '/psql', os.X_OK) and os.access(f + '/pg_dump', os.X_OK)]
    return max(found, key=lambda f: float(f.split('/')[-2]), default='')


CLIENTS = _clients()


def _unprivileged():
    """arguments for subprocess: initdb and postgres refuse to run as root"""
    if os.geteuid():
        return {}
    for name in ('postgres', 'nobody'):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return dict(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    raise SystemExit('laws: root needs a user postgres or nobody to run the server')


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG: a fast shutdown, also after SIGKILL of this process


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _running(folder):
    """whether the process that made the folder, or the server in it, still lives"""
    pids = [folder.split('-')[2]]
    with contextlib.suppress(OSError):
        pids += open(folder + '/data/postmaster.pid').readline().split()
    return any(_alive(int(pid)) for pid in pids if pid.isdigit())


def _new_folder(on_disk):
    """in memory where that has room: a database takes a fifth of its time there, since file systems that keep a journal look long for the inodes of its 300 files"""
    place = '/dev/shm'
    with contextlib.suppress(OSError):
        room = os.statvfs(place)
        if not on_disk and os.access(place, os.W_OK) and room.f_bavail * room.f_frsize >= ROOM:
            for left in filter(lambda folder: not _running(folder), glob.glob(place + '/contraflow-laws-*')):
                shutil.rmtree(left, ignore_errors=True)  # of tests that were killed
            return tempfile.mkdtemp(prefix=f'contraflow-laws-{os.getpid()}-', dir=place)
    return tempfile.mkdtemp(prefix=f'contraflow-laws-{os.getpid()}-')


class Server:
    def __init__(self, bindir, settings=(), on_disk=False):
        self.bindir, self.settings, self.folder = bindir, settings, _new_folder(on_disk)
        self.process, self._numbers, self.names = None, itertools.count(1), set()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        who = _unprivileged()
        if who:
            os.chown(self.folder, who['user'], who['group'])
        os.chmod(self.folder, 0o711)
        env = dict(os.environ, LC_ALL='C', LD_LIBRARY_PATH=self.bindir + '/../lib')  # the npm package brings its libraries
        env.pop('PGDATA', None)
        data = self.folder + '/data'
        made = subprocess.run([self.bindir + '/initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C'],
                              env=env, cwd=self.folder, capture_output=True, text=True, **who)
        if made.returncode:
            raise SystemExit('laws: initdb: ' + made.stderr)
        settings = [word for s in (*SETTINGS, *self.settings) for word in ('-c', s)]
        with open(self.folder + '/log', 'w') as log:
            self.process = subprocess.Popen([self.bindir + '/postgres', '-D', data, '-k', self.folder, '-p', '5432', *settings], env=env, cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent, **who)
        for _ in range(300):
            if not self.psql('postgres', 'select 1', check=False).returncode:
                break
            if self.process.poll() is not None:
                raise SystemExit('laws: the server did not start: ' + open(self.folder + '/log').read())
            time.sleep(0.1)
        self.psql('postgres', ''.join(f'create role {r};' for r in ROLES))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, db):
        return f'postgresql:///{db}?host={self.folder}&user=postgres'

    def env(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith('PG')}
        return dict(kept, PGHOST=self.folder, PGPORT='5432', PGUSER='postgres', PATH=os.pathsep.join(filter(None, [CLIENTS, os.environ.get('PATH')])))

    def psql(self, db, sql, check=True):
        """sql from standard input"""
        r = subprocess.run(['psql', '-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', db, '-f', '-'], input=sql, env=self.env(), capture_output=True, text=True)
        if check and r.returncode:
            raise RuntimeError(f'{r.stderr.strip()[:500]}')
        return r

    def run_file(self, db, path):
        """the file as a user runs it; what went wrong, or None"""
        r = subprocess.run(['psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', db, '-f', path], env=self.env(), capture_output=True, text=True)
        if r.returncode:
            return f'{os.path.basename(path)}: {r.stderr.strip()[:800]}'

    def create(self, template='template0'):
        name = f'd{next(self._numbers)}'
        self.psql('postgres', f'create database {name} template {template}')
        self.names.add(name)
        return name

    def drop(self, *names):
        for name in names:
            self.psql('postgres', f'drop database if exists {name}')
            self.names.discard(name)

    @contextlib.contextmanager
    def copy(self, template):
        name = self.create(template)
        try:
            yield name
        finally:
            self.drop(name)
