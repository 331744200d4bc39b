"""python -m workers.onair: until SIGTERM or SIGHUP."""

import sys

from workers.onair.worker import main

sys.exit(main())
