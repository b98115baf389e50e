"""A JupyterHub for a class of this book on one Linux machine: every student a user of the system, under systemd.

Copy the folder ``classroom`` to the machine. With The Littlest JupyterHub, link this file into
``/opt/tljh/config/jupyterhub_config.d/``; with a hub of your own, run ``jupyterhub -f jupyterhub_config.py``.
"""

import json
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (the hub provides it)

measured = json.loads((Path(__file__).resolve().parent.parent / "measured.json").read_text())
needed_mb = max(row["peak_one_resident_mb"] for row in measured["rows"])
SERVER_MB = 150  # the notebook server beside the kernels
KERNELS = 2  # open at once: one chapter and one of the reader's own

# systemd ends a server that takes more; the machine and the other students do not notice.
c.JupyterHub.spawner_class = "systemd"
c.SystemdSpawner.mem_limit = f"{round(1.5 * KERNELS * needed_mb + SERVER_MB)}M"
c.SystemdSpawner.cpu_limit = 1.0
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 120  # twenty students start in the same minute
c.JupyterHub.concurrent_spawn_limit = 10

# One thread a kernel, and freed memory goes back to the system: what was measured.
c.Spawner.environment = measured["settings"]

# A forgotten kernel costs as much as a used one: after 20 minutes without work it ends, the notebook stays.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=1200",
    "--MappingKernelManager.cull_interval=120",
    "--MappingKernelManager.cull_connected=True",
]
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]

# Who may log in: users of this machine in the group "students". Choose your own authenticator here.
c.Authenticator.allow_all = False
c.PAMAuthenticator.allowed_groups = {"students"}
