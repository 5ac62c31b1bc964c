"""`python -m certchain` is `certchain`."""

import sys

from certchain.cli import main

sys.exit(main())
