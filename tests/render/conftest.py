"""The settings that everything rendered is put through: the defaults and harder ones."""

import pytest

from ops.render import render
from ops.settings import from_values

CASES = {
    "defaults": {},
    "another-project": {
        "PROJECT_NAME": "shop", "PROD_DOMAIN": "shop.example.com", "DEV_DOMAIN": "dev.shop.io",
        "POSTGRES_IMAGE": "registry.example.com:5000/team/postgres:16.4-alpine",
        "DB_NAME": "shop", "DB_USER": "shop_owner",
    },
    "other-ports": {
        "PROD_APP_PORT": "8080", "DEV_APP_PORT": "8080", "PROD_DB_PORT": "15432",
        "DEV_DB_PORT": "15433", "PROD_REDIS_PORT": "16379", "DEV_REDIS_PORT": "16380",
        "EDGE_HTTP_PORT": "8081", "EDGE_HTTPS_PORT": "8443",
    },
    "own-ca": {
        "ACME_EMAIL": "ops+portal@example.com", "ACME_CA": "https://pebble.test:14000/dir",
        "ACME_CA_ROOT": "/etc/pebble/ca.pem",
    },
    "internal-tls": {"EDGE_TLS": "internal", "PROD_DOMAIN": "xn--bcher-kva.example"},
    "small-machine": {
        "PROD_APP_MEMORY": "300m", "PROD_APP_CPUS": "0.5", "DEV_APP_MEMORY": "512m",
        "PROD_DB_CPUS": "0.25", "HEALTH_TIMEOUT": "600", "DRAIN_TIMEOUT": "0",
    },
    "hostile": {
        "HEALTH_COMMAND": """sh -c 'test "$HOME" != "a b" && echo "it'"'"'s ${X:-50%} \\\\ ü # : {}"'""",
        "HEALTH_PATH": "/he@lth/%_-./x".replace("%", ""),
        "APP_DIR": "/srv/my.app-1", "APP_WRITABLE_PATHS": "/tmp /srv/my.app-1/@cache /var/x_y",
        "DEV_MOUNTS": "src lib/deep.er prisma @types on off",
        "PROJECT_NAME": "a-1-very-long-name-that-goes-on-and-on-for-quite-a-while-x",
        "BUILD_CA_FILE": "/etc/ssl/certs/ca-certificates.crt",
    },
    "another-stack": {
        "HEALTH_COMMAND": "python -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:$PORT\")'",
        "BUILD_ARGS": "", "MIGRATE_COMMAND": "", "DEV_MIGRATE_COMMAND": "", "DEV_MOUNTS": "app",
        "APP_WRITABLE_PATHS": "/tmp", "PROD_DOMAIN": "a.b.c.d.e.example.co.uk",
    },
}  # fmt: skip


@pytest.fixture(params=CASES, ids=str)
def settings(request):
    return from_values(CASES[request.param], {})


@pytest.fixture
def rendered(settings, tmp_path):
    """The rendered files in a folder, with env files beside them."""
    for name, text in render(settings).items():
        (tmp_path / name).write_text(text)
    for name in (".env.prod", ".env.dev"):
        (tmp_path / name).write_text("POSTGRES_PASSWORD=x\n")
    (tmp_path / "slots.env").write_text("BLUE_IMAGE=app:1\nBLUE_RELEASE=r1\n")
    return tmp_path
