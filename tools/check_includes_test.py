"""Run by ctest: the include check finds what it should, and nothing else."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("check_includes.py")


class CheckIncludes(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder)
            (source / "layers.txt").write_text("base:\nsql: base\ncli: *\n")
            for name, text in files.items():
                (source / name).parent.mkdir(exist_ok=True)
                (source / name).write_text(text)
            run = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True)
            return run.returncode, run.stdout

    def test_accepts_what_layers_allow(self):
        code, out = self.check({"base/a.h": "#include <string>\n", "sql/b.cpp": '#include "base/a.h"\n#include <pg_query.h>\n',
                                "main.cpp": '#include "sql/c.h"\n', "sql/c.h": ""})
        self.assertEqual((code, out), (0, ""))

    def test_refuses_upward_includes(self):
        code, out = self.check({"base/a.cpp": '#include "sql/b.h"\n', "sql/b.h": ""})
        self.assertEqual(code, 1)
        self.assertIn("base may not include sql", out)

    def test_refuses_private_libraries_and_unknown_folders(self):
        code, out = self.check({"base/a.cpp": "#include <libpq-fe.h>\n", "extra/b.h": ""})
        self.assertEqual(code, 1)
        self.assertIn("only pg may include libpq-fe.h", out)
        self.assertIn("extra is not in layers.txt", out)

    def test_refuses_two_types_of_one_name(self):
        text = "namespace contraflow::sql {\nstruct Script {\n  int a;\n};\n}\n"
        code, out = self.check({"sql/a.h": text, "sql/b.cpp": text, "base/c.h": text.replace("sql", "base"),
                                "sql/d.cpp": "namespace contraflow::sql {\nnamespace {\nstruct Script {};\n}\nstruct Script::Impl {};\n}\n"})
        self.assertEqual(code, 1)
        self.assertEqual(len(out.splitlines()), 1)
        self.assertIn("contraflow::sql::Script is defined in", out)


if __name__ == "__main__":
    unittest.main()
