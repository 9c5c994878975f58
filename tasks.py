"""What the toolkit can do. `inv --list` shows it; each module of ops/tasks is one namespace."""

from invoke import Collection

from ops.tasks import config, demo, dev, edge, host, prod, secrets, status

namespace = Collection(
    status.status,
    demo.demo,
    config.namespace,
    secrets.namespace,
    host.namespace,
    edge.namespace,
    dev.namespace,
    prod.namespace,
)
