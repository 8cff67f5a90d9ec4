"""What schemathesis cannot know of the API: who asks, and the birth time in an operation id."""

import base64
import json
import os
import secrets
import time
import urllib.request

import schemathesis


def uuid7(made_up: str) -> str:
    """The same id, born now."""
    born = f"{int(time.time() * 1000):012x}"
    return f"{born[:8]}-{born[8:]}-{made_up[14:]}"


def guest_token() -> str:
    """The token of an account of its own: for what would end the session of all other requests."""
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    key = uuid7(f"00000000-0000-7{secrets.token_hex(2)[1:]}-8{secrets.token_hex(2)[1:]}-{secrets.token_hex(6)}")
    request = urllib.request.Request(
        os.environ["API_URL"] + "/v1/auth/guest",
        data=json.dumps({"deviceSecret": secret}).encode(),
        headers={"content-type": "application/json", "idempotency-key": key},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["accessToken"]


# Asked each time: what it would keep is one token for all operations.
@schemathesis.auth(refresh_interval=None)
class Token:
    def get(self, case, context):
        if case.operation.definition.raw["operationId"].startswith("auth.logout"):
            return guest_token()
        return os.environ["API_TOKEN"]

    def set(self, case, data, context):
        # One that a link brings, from register to the next request, is kept.
        if case.operation.definition.raw["security"] and "Authorization" not in case.headers:
            case.headers["Authorization"] = f"Bearer {data}"


# The character that founded a guild, by the guild's id: others are refused.
founders: dict[str, str] = {}

# Who made a character, by its id: nobody else can enter with it.
makers: dict[str, str] = {}


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    # One in sixteen keeps the time it was given: too old, or not yet.
    if isinstance(key, str) and len(key) == 36 and key[14:15] == "7" and key[-1] != "0":
        headers["Idempotency-Key"] = uuid7(key)
    # A link says which character, but OpenAPI has no word for "by the same caller".
    if headers.get("Authorization") == f"Bearer {os.environ['API_TOKEN']}":
        body = case.body if isinstance(case.body, dict) else {}
        founder = founders.get((case.path_parameters or {}).get("guildId"))
        for fields in (body, case.query or {}):
            if founder is not None and "as" in fields:
                fields["as"] = founder
        named = (case.path_parameters or {}).get("characterId") or body.get("characterId")
        if isinstance(named, str) and named in makers:
            headers["Authorization"] = makers[named]


@schemathesis.hook
def after_call(context, case, response):
    if case.operation.definition.raw["operationId"] == "characters.create" and response.status_code == 201:
        makers[response.json()["characterId"]] = response.request.headers["Authorization"]
    if case.operation.definition.raw["operationId"] == "guilds.found" and response.status_code == 201:
        founders[response.json()["guildId"]] = case.body["as"]
