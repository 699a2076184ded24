"""A human who may sign in, or who is only known by a mail address."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class People(BaseUserManager["Person"]):
    """How a person is found by what they type at the door."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Return the person with this mail address, whatever its capitals."""
        return self.get(email=(username or "").strip().lower())


class Person(AbstractBaseUser):
    """A human; acts only through a seat.

    There is deliberately no moment of last sign-in: presence has given voters away elsewhere.
    """

    class Language(models.TextChoices):
        """The languages every sentence exists in."""

        EN = "en", "English"
        NL = "nl", "Nederlands"

    email = models.EmailField(_("mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(max_length=2, choices=Language, default=Language.EN)
    is_active = models.BooleanField(default=True)
    is_host = models.BooleanField(default=False)
    last_login = None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = People()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="person_email_lower"
            )
        ]

    def __str__(self) -> str:
        """Return the name people know."""
        return self.name
