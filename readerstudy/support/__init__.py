"""Django's admin, for support staff: our own rows, to be looked at only, behind the sign-in of every other page."""
