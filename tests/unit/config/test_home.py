"""The home folder: one place for each thing."""

from pathlib import Path

from certchain.config import find_home


def test_the_environment_says_where_the_home_folder_is() -> None:
    assert find_home({"CERTCHAIN_HOME": "/srv/certchain"}).folder == Path("/srv/certchain")


def test_without_a_word_it_is_in_the_users_own_folder() -> None:
    assert find_home({}).folder == Path("~/.certchain").expanduser()


def test_an_empty_variable_is_no_word() -> None:
    assert find_home({"CERTCHAIN_HOME": ""}).folder == Path("~/.certchain").expanduser()
