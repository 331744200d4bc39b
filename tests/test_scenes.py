import pytest

from ticker.headline import Draft
from workers.scenes import ARABIC, ENGLISH, SPANISH


@pytest.mark.parametrize("stories", [ENGLISH, ARABIC, SPANISH])
def test_every_language_has_all_that_can_happen(stories):
    assert len(stories) >= 20
    assert {"flash", "urgent", "bulletin", "routine"} == {story.urgency for story in stories}
    for what in ("then", "note", "kill", "embargo", "life"):
        assert any(getattr(story, what) for story in stories)
    for story in stories:
        assert len(Draft(text=story.text).text) <= 100
        assert bool(story.kill) == ("{cycle}" in story.text)  # killed words may not come back
