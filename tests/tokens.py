"""A script that uses the JSON interface with a token."""

import json
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from readerstudy.services import tokens


class Script:
    """Sends requests with a token, and no cookie."""

    def __init__(self, user: User, *, can_write: bool = True, now: datetime | None = None) -> None:
        made = tokens.make(
            user=user, name="a script", can_write=can_write, n_days=30, now=now or timezone.now()
        )
        self.token, self.secret, self.client = made.row, made.secret, Client(enforce_csrf_checks=True)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(f"/api/v1{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None) -> HttpResponse:
        sent = json.dumps(body) if body is not None else ""
        return self.client.post(f"/api/v1{path}", sent, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> HttpResponse:
        return self.client.delete(f"/api/v1{path}", headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}
