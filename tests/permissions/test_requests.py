"""The requests by which permissions are tried would succeed for whoever may make them."""

import pytest
from django.test import Client

from tests.permissions.world import ACTIONS, OF_THE_PROSPECT, PAGES, World


@pytest.mark.parametrize("name", [*ACTIONS, *PAGES])
def test_a_closer_of_the_team_succeeds(world: World, name: str) -> None:
    owner = world.people["carol"]
    browser = Client()
    browser.force_login(owner.user)
    asked = (ACTIONS | PAGES)[name](world, owner)

    assert asked.send(browser).status_code == asked.status


@pytest.mark.parametrize("name", OF_THE_PROSPECT)
def test_the_page_of_the_visit_succeeds(world: World, client: Client, name: str) -> None:
    asked = OF_THE_PROSPECT[name](world, world.people["alice"])

    response = asked.send(client, Authorization=f"Bearer {world.token}")
    assert response.status_code == asked.status, response.content
