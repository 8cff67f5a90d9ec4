"""What schemathesis cannot know of the API: who asks, and the birth time in an operation id."""

import base64
import json
import os
import re
import secrets
import time
import urllib.request

import schemathesis


def uuid7(made_up: str) -> str:
    """The same id, born now."""
    born = f"{int(time.time() * 1000):012x}"
    return f"{born[:8]}-{born[8:]}-{made_up[14:]}"


def new_guest() -> dict:
    """The session and the secret of a new account: for what would take away what other requests need."""
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    key = uuid7(f"00000000-0000-7{secrets.token_hex(2)[1:]}-8{secrets.token_hex(2)[1:]}-{secrets.token_hex(6)}")
    request = urllib.request.Request(
        os.environ["API_URL"] + "/v1/auth/guest",
        data=json.dumps({"deviceSecret": secret}).encode(),
        headers={"content-type": "application/json", "idempotency-key": key},
    )
    with urllib.request.urlopen(request) as response:
        return {**json.load(response), "deviceSecret": secret}


# Whoever asks one of these has no session after it, or soon no account.
ends_itself = {"auth.logout", "auth.logoutEverywhere", "auth.erase"}

# After one of these on the player that operators name, nobody could do more to him, or he would not be there.
ends_another = {"admin.setRole", "moderation.mute", "personal.eraseOf"}

named_player = "login:someone@example.org"


# Asked each time: what it would keep is one token for all operations.
@schemathesis.auth(refresh_interval=None)
class Token:
    def get(self, case, context):
        if operation_id(case) in ends_itself:
            return new_guest()
        return {"accessToken": os.environ["API_TOKEN"]}

    def set(self, case, data, context):
        # One that a link brings, from register to the next request, is kept.
        if case.operation.definition.raw["security"] and "Authorization" not in case.headers:
            case.headers["Authorization"] = f"Bearer {data['accessToken']}"
            # An erase asks for the secret of this device.
            body = case.body if isinstance(case.body, dict) else {}
            made_up = body.get("deviceSecret")
            known = data.get("deviceSecret")
            if known and isinstance(made_up, str) and re.fullmatch("[A-Za-z0-9_-]{43}", made_up):
                body["deviceSecret"] = known


# The character that founded a guild, by the guild's id: others are refused.
founders: dict[str, str] = {}

# Who made a character, by its id: nobody else can enter with it.
makers: dict[str, str] = {}


def operation_id(case) -> str:
    return case.operation.definition.raw["operationId"]


def spare_the_stage(case) -> None:
    """Aims what would take away what other requests need at somebody, or at a time, that nobody needs."""
    path = case.path_parameters or {}
    if operation_id(case) in ends_another and path.get("who") == named_player:
        path["who"] = "account:" + new_guest()["accountId"]
    body = case.body if isinstance(case.body, dict) else {}
    # Nobody can enter in a maintenance. One that is planned can be shown, extended and ended as well.
    ahead = body.get("inS")
    if operation_id(case) == "admin.startMaintenance" and type(ahead) is int and 0 <= ahead <= 604800:
        body["inS"] = 604800


@schemathesis.hook
def before_call(context, case, kwargs):
    spare_the_stage(case)
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    # One in sixteen keeps the time it was given: too old, or not yet. The simplest one, all zeros, does not: it is
    # the one that examples and coverage send, which would all be refused.
    if isinstance(key, str) and len(key) == 36 and key[14:15] == "7" and key[-1] != "f":
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
    if operation_id(case) == "characters.create" and response.status_code == 201:
        makers[response.json()["characterId"]] = response.request.headers["Authorization"]
    if operation_id(case) == "guilds.found" and response.status_code == 201:
        founders[response.json()["guildId"]] = case.body["as"]
