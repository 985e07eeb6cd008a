"""Reports for people who don't use this program: the monthly report, and the evidence of a review."""
