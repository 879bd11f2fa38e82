# SPDX-License-Identifier: Apache-2.0
"""A copy of an application as a git project, and the plan of a change to it: what the tests of `orm` and `tests` begin with."""
import contextlib, os, shutil, subprocess, tempfile


class Application:
    """`root`: the project, which git knows; `work`: the folder around it; run(): the command inside it"""
    def __init__(self, work, source, binary):
        self.work, self.root, self.binary = work, os.path.join(work, 'app'), os.path.realpath(binary)
        shutil.copytree(source, self.root)
        subprocess.run('git init -q . && git add -A', shell=True, cwd=self.root, check=True)

    def run(self, *arguments):
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, cwd=self.root)

    def soft_delete(self, table):
        """the plan, in ../plan; None, or the exit code that the test ends with where there is none"""
        r = self.run('plan', '--from', 'schema.sql', '--do', f'soft-delete {table}', '--out', '../plan')
        if r.returncode:
            print(r.stderr)
            return 77 if r.returncode == 3 else 1


@contextlib.contextmanager
def application(source, binary):
    with tempfile.TemporaryDirectory(prefix='contraflow-application-') as work:
        os.chmod(work, 0o755)  # the sandbox's server is another user's
        yield Application(work, source, binary)
