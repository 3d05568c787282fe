"""What a page was made of goes back to the machine: from one heap, that of the C library."""

import subprocess
import sys

SERVED = """
import sys
from gridahead.cli import serve
from gridahead.web import memory
assert "pyarrow" not in sys.modules, "it is loaded before the command can say whose memory it takes"
memory.keep_little()
memory.give_back()
import pyarrow
print(pyarrow.default_memory_pool().backend_name)
"""


def test_arrow_takes_its_memory_from_the_c_library_where_a_server_runs():
    done = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("system\n", 0), done.stderr
