"""The pages of people, over a real web process."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.servers import Web
from tests.visitors import PASSWORD, Visitor, new_person, visiting
from ticker.people.people import People
from ticker.templates import WORDS
from ticker.writer import Role

W = WORDS["en"]


@pytest.fixture
async def admin(web: Web, people: People) -> AsyncIterator[Visitor]:
    await new_person(web, "chief", {"*": Role.ADMIN})
    async with visiting(web) as visitor:
        assert (await visitor.sign_in("chief")).status == 303
        yield visitor


async def test_somebody_is_added_and_comes_in_by_the_link(web: Web, admin: Visitor, people: People) -> None:
    form = {"login": "Ana", "name": " Ana  <b>Ruiz", "role.*": "reader", "role.en": "editor", "role.ar": ""}
    answer = await admin("POST", "/desk/people", form)
    assert answer.status == 200
    ana = await people.get("ana")
    assert ana is not None
    assert (ana.name, ana.roles, ana.password) == ("Ana <b>Ruiz", {"*": Role.READER, "en": Role.EDITOR}, None)
    assert "Ana &lt;b&gt;Ruiz" in answer.text
    link = re.search(r'value="(http://[^"]+/desk/invitation\?token=[^"]+)"', answer.text)
    assert link
    assert link[1].startswith(web.url)
    assert link[1] not in (await admin.get("/desk/people/ana")).text
    async with visiting(web) as new:
        token = link[1].partition("token=")[2]
        assert (await new.post("/desk/invitation", token=token, password=PASSWORD)).status == 303
        assert (await new.sign_in("ana")).status == 303
    assert "Ana &lt;b&gt;Ruiz" in (await admin.get("/desk/people")).text


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"login": "a b", "name": "A"}, "login_wrong"),
        ({"login": "", "name": "A"}, "login_wrong"),
        ({"login": "a", "name": " "}, "name_wrong"),
        ({"login": "a", "name": "n" * 61}, "name_wrong"),
        ({"login": "chief", "name": "A"}, "login_taken"),
    ],
)
async def test_what_is_wrong_is_told_and_what_was_typed_stays(
    form: dict[str, str], fault: str, admin: Visitor, people: People
) -> None:
    answer = await admin("POST", "/desk/people", form)
    assert (answer.status, W[fault] in answer.text) == (422, True)
    assert f'value="{form["login"]}"' in answer.text
    assert [person.login for person in await people.list()] == ["chief"]


async def test_roles_change_at_once(web: Web, admin: Visitor, people: People) -> None:
    given = (await new_person(web, "ana", {"*": Role.ADMIN})).given
    async with visiting(web) as ana:
        await ana.sign_in("ana")
        assert (await ana.get("/desk/people")).status == 200
        form = {"name": "Ana", "role.en": "producer", "role.*": "nonsense", "given": given}
        changed = await admin("POST", "/desk/people/ana", form)
        assert (changed.status, W["saved"] in changed.text) == (200, True)
        assert (await ana.get("/desk/people")).status == 403
    stored = await people.get("ana")
    assert stored is not None
    assert stored.roles == {"en": Role.PRODUCER}


async def test_what_another_admin_has_given_meanwhile_is_not_written_over(
    web: Web, admin: Visitor, people: People
) -> None:
    await new_person(web, "ana", {"*": Role.ADMIN})
    seen = re.search(r'name="given" value="(\w+)"', (await admin.get("/desk/people/ana")).text)
    assert seen
    await people.change("ana", roles={})  # no longer an admin, says the other
    await people.change("ana", lang="es", password="hash")  # which no admin gives
    form = {"name": "Ana Ruiz", "role.*": "admin", "given": seen[1]}
    late = await admin("POST", "/desk/people/ana", form)
    assert (late.status, W["person_changed"] in late.text) == (409, True)
    ana = await people.get("ana")
    assert ana is not None
    assert (ana.name, ana.roles) == ("Ana", {})
    again = await admin("POST", "/desk/people/ana", {**form, "given": ana.given})
    assert (again.status, W["saved"] in again.text) == (200, True)


async def test_what_the_provider_gives_is_not_changed_here(web: Web, admin: Visitor, people: People) -> None:
    bob = await new_person(web, "bob", {"en": Role.EDITOR}, password=None, subject="https://id.example bob")
    page = (await admin.get("/desk/people/bob")).text
    assert W["person_of_provider"] in page
    assert 'name="role.' not in page
    form = {"name": "Bob", "role.*": "admin", "given": bob.given}
    assert (await admin("POST", "/desk/people/bob", form)).status == 403
    assert await people.get("bob") == bob


async def test_sessions_are_ended_and_people_removed(web: Web, admin: Visitor, people: People) -> None:
    await new_person(web, "ana", {"*": Role.READER})
    async with visiting(web) as ana:
        await ana.sign_in("ana")
        assert (await admin.post("/desk/people/ana/sessions")).status == 200
        assert (await ana.get("/desk/account")).status == 303
        await ana.sign_in("ana")
        assert (await admin.post("/desk/people/ana/remove")).status == 303
        assert (await ana.get("/desk/account")).status == 303
        assert (await ana.sign_in("ana")).status == 403
    assert (await admin.get("/desk/people/ana")).status == 404
    assert (await admin.post("/desk/people/ana/remove")).status == 404


async def test_a_new_link_for_who_has_a_password_here_only(web: Web, admin: Visitor) -> None:
    await new_person(web, "ana", {})
    await new_person(web, "bob", {}, password=None, subject="https://id.example bob")
    assert "/desk/invitation?token=" in (await admin.post("/desk/people/ana/invitation")).text
    assert (await admin.post("/desk/people/bob/invitation")).status == 403


async def test_an_admin_always_stays(admin: Visitor, people: People) -> None:
    for path, form in (
        ("/desk/people/chief", {"name": "Chief", "role.*": "editor", "given": "-"}),
        ("/desk/people/chief/remove", {}),
    ):
        answer = await admin("POST", path, form)
        assert (answer.status, W["not_yourself"] in answer.text) == (422, True)
    chief = await people.get("chief")
    assert chief is not None
    assert chief.roles == {"*": Role.ADMIN}
