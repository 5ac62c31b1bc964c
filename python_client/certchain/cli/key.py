"""`certchain key`: keys by their URIs, in files and in tokens."""

from typing import Annotated

import typer

from certchain.cli.command import command, noun
from certchain.cli.deploy import ADMIN
from certchain.cli.output import Result
from certchain.cli.workspace import Workspace
from certchain.encoding.digest import key_thumbprint
from certchain.keys import PrivateKeys
from certchain.keys.uri import make_keys, open_keys

key = noun("key", "Keys by their URIs, in encrypted files and in PKCS #11 tokens.")

KeyUri = Annotated[
    str,
    typer.Argument(
        metavar="URI",
        help="As file:/keys/server.key or 'pkcs11:token=T;object=NAME?module-path=/lib/module.so&pin-source=/path'; "
        "without a PIN in it, the home's passphrase is the PIN.",
        show_default=False,
    ),
]


@command(key, "make", beside_others=True)
def make(workspace: Workspace, uri: KeyUri) -> Result:
    """Makes a service's keys where a URI says: one to sign (Ed25519) and one to exchange keys (P-256)."""
    keyring, new = workspace.keyring, not workspace.home.account(ADMIN).exists()
    return _result("made", make_keys(uri, lambda: keyring.open(new), keyring.cost))


@command(key, "show", beside_others=True)
def show(workspace: Workspace, uri: KeyUri) -> Result:
    """Opens the keys that a URI names, and shows their public halves."""
    return _result("there", open_keys(uri, workspace.keyring.open))


def _result(state: str, keys: PrivateKeys) -> Result:
    public = keys.public
    values = {
        "signing_key": public.signing.hex(),
        "exchange_key": public.exchange.hex(),
        "thumbprint": key_thumbprint(public),
    }
    return Result(f"The keys are {state}.", values)
