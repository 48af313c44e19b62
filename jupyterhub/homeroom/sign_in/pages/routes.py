"""Which page is where, below `/hub`."""

from __future__ import annotations

from homeroom.sign_in.pages.accounts import AccountsHandler, ApproveHandler, DiscardHandler
from homeroom.sign_in.pages.email import EmailHandler
from homeroom.sign_in.pages.link import ConfirmHandler, LinkHandler, UnlinkHandler
from homeroom.sign_in.pages.password import ChangePasswordAdminHandler, ChangePasswordHandler
from homeroom.sign_in.pages.removal import RemoveHandler
from homeroom.sign_in.pages.reset import LinkForResetHandler, ResetHandler
from homeroom.sign_in.pages.sign_in import SignInHandler
from homeroom.sign_in.pages.sign_out import SignOutHandler
from homeroom.sign_in.pages.sign_up import SignUpHandler

EVERYBODYS = [
    (r"/login", SignInHandler),
    (r"/logout", SignOutHandler),
    (r"/link", LinkHandler),
    (r"/link/confirm", ConfirmHandler),
    (r"/link/remove", UnlinkHandler),
]
ACCOUNTS = [
    (r"/signup", SignUpHandler),
    (r"/authorize", AccountsHandler),
    (r"/authorize/([^/]*)", ApproveHandler),
    (r"/discard/([^/]*)", DiscardHandler),
    (r"/remove/([^/]*)", RemoveHandler),
    (r"/confirm/([^/]*)", EmailHandler),
    (r"/new-password", ResetHandler),
    (r"/new-password/([^/]+)", LinkForResetHandler),
    (r"/change-password", ChangePasswordHandler),
    (r"/change-password/([^/]+)", ChangePasswordAdminHandler),
]
