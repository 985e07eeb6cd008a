"""The monthly report as one HTML page."""

from __future__ import annotations

from datetime import timedelta

from core.model.monthly_report import MonthlyReport, UseLine
from core.reports.bar_chart import BarChart, bar_chart
from core.reports.rendering import render


def month_page(report: MonthlyReport) -> str:
    """Return the page. It needs no other file, and has no scripts."""
    days = [
        str(report.month.first + timedelta(days=n)) for n in range((report.month.last - report.month.first).days + 1)
    ]
    offices = [(office, [(each, _chart(each, days)) for each in office.use or ()]) for office in report.offices]
    return render("month.html", report=report, offices=offices, program=report.program)


def _chart(use: UseLine, days: list[str]) -> BarChart:
    label = f"Changes of {use.developer} on each day: {use.total:,} in all, at most {max(use.per_day):,} on a day."
    return bar_chart(use.per_day, days, label)
