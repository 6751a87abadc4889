"""Folders below ORACUL_HOME."""

from oracul.folders import make_private


def test_every_missing_folder_is_open_to_its_owner_only(tmp_path):
    folder = tmp_path / "home" / "dbt" / "target"
    make_private(folder)
    made = (folder, folder.parent, folder.parent.parent)
    assert [one.stat().st_mode & 0o777 for one in made] == [0o700] * 3


def test_folder_that_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "home").mkdir(mode=0o755)
    make_private(tmp_path / "home")
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o755
