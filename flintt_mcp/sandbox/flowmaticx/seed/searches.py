"""The searches of the example workspaces, oldest first. Rows only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeededSearch:
    """One job that was started at some time."""

    workflow_type: str
    keyword: str
    location: str
    leads: int
    ai: bool = True
    risky: bool = False


MAIN_SEARCHES = (
    SeededSearch("GOOGLE_MAPS", "plumber", "Manchester, UK", 50),
    SeededSearch("GOOGLE_MAPS", "florist", "Manchester, UK", 50),
    SeededSearch("GOOGLE_MAPS", "dentist", "Leeds, UK", 60),
    SeededSearch("LINKEDIN", "fintech founder", "London, UK", 40),
    SeededSearch("YELLOW_PAGES", "roofing", "Austin, US", 75),
    SeededSearch("GOOGLE_MAPS", "gym", "Bristol, UK", 50, risky=True),
    SeededSearch("INSTAGRAM", "#weddingphotography", "Edinburgh, UK", 40),
    SeededSearch("GOOGLE_MAPS", "coffee shop", "Glasgow, UK", 80),
    SeededSearch("FACEBOOK", "yoga studio", "Dublin, Ireland", 30),
    SeededSearch("GOOGLE_MAPS", "electrician", "Birmingham, UK", 60),
    SeededSearch("LINKEDIN", "marketing agency owner", "Paris, France", 50),
    SeededSearch("CUSTOM", "architect #timeout", "Berlin, Germany", 60),
    SeededSearch("GOOGLE_MAPS", "estate agent", "Manchester, UK", 70),
    SeededSearch("TIKTOK", "#cakedesign", "Madrid, Spain", 25, ai=False),
    SeededSearch("GOOGLE_MAPS", "hair salon", "Leeds, UK", 60),
    SeededSearch("YELLOW_PAGES", "accountant", "Chicago, US", 75),
    SeededSearch("GOOGLE_MAPS", "bakery", "Lyon, France", 40),
    SeededSearch("GOOGLE_MAPS", "veterinarian", "Toronto, Canada", 45),
    SeededSearch("LINKEDIN", "saas startup", "Berlin, Germany", 60, risky=True),
    SeededSearch("GOOGLE_MAPS", "landscaping", "Sydney, Australia", 50),
    SeededSearch("INSTAGRAM", "#personaltrainer #fail", "London, UK", 50),
    SeededSearch("GOOGLE_MAPS", "hotel", "Edinburgh, UK", 40),
    SeededSearch("GOOGLE_MAPS", "solicitor", "Bristol, UK", 50),
    SeededSearch("FACEBOOK", "florist", "London, UK", 60),
    SeededSearch("GOOGLE_MAPS", "plumber", "Leeds, UK", 50),
    SeededSearch("YELLOW_PAGES", "dentist", "New York, US", 80),
    SeededSearch("GOOGLE_MAPS", "pilates", "Barcelona, Spain", 35),
    SeededSearch("LINKEDIN", "architect", "München, Germany", 45),
    SeededSearch("GOOGLE_MAPS", "gym", "Austin, US", 60),
    SeededSearch("GOOGLE_MAPS", "bakery", "Paris, France", 70, ai=False),
    SeededSearch("CUSTOM", "family-run hotel", "Scotland, UK", 40),
    SeededSearch("GOOGLE_MAPS", "electrician", "Glasgow, UK", 55),
    SeededSearch("TIKTOK", "#coffeetok", "London, UK", 30),
    SeededSearch("GOOGLE_MAPS", "accountant", "Birmingham, UK", 65),
    SeededSearch("FACEBOOK", "hair salon #timeout", "Manchester, UK", 80),
    SeededSearch("GOOGLE_MAPS", "estate agent", "Dublin, Ireland", 50),
    SeededSearch("LINKEDIN", "fintech founder", "Germany", 45),
    SeededSearch("GOOGLE_MAPS", "veterinarian", "London, UK", 60, risky=True),
    SeededSearch("YELLOW_PAGES", "landscaping", "Chicago, US", 70),
    SeededSearch("GOOGLE_MAPS", "plumber", "Bristol, UK", 75),
)
OTHER_SEARCHES = (
    SeededSearch("GOOGLE_MAPS", "photographer", "Leeds, UK", 10),
    SeededSearch("LINKEDIN", "marketing agency", "Manchester, UK", 15, ai=False),
)
