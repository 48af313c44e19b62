"""Which page is where, below `/hub`."""

from __future__ import annotations

from homeroom.sign_in.pages.accounts import AccountsHandler, ApproveHandler, DiscardHandler
from homeroom.sign_in.pages.password import ChangePasswordAdminHandler, ChangePasswordHandler
from homeroom.sign_in.pages.removal import RemoveHandler
from homeroom.sign_in.pages.sign_in import SignInHandler
from homeroom.sign_in.pages.sign_up import SignUpHandler

handlers = [
    (r"/login", SignInHandler),
    (r"/signup", SignUpHandler),
    (r"/authorize", AccountsHandler),
    (r"/authorize/([^/]*)", ApproveHandler),
    (r"/discard/([^/]*)", DiscardHandler),
    (r"/remove/([^/]*)", RemoveHandler),
    (r"/change-password", ChangePasswordHandler),
    (r"/change-password/([^/]+)", ChangePasswordAdminHandler),
]
