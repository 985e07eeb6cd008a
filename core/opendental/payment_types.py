"""Facts about payment types, which are the definitions of category 10."""

from __future__ import annotations

CATEGORY = 10
NOT_ON_DEPOSIT_SLIPS = "N"
"""The `ItemValue` of a type that isn't selected for deposit slips; blank for all others."""
CASH = "Cash"
"""The name of the type that Open Dental makes again for deposit slips if none has it."""
MAX_NAME_LENGTH = 255

API_PREFERENCE = "ApiPaymentType"
RECURRING_PREFERENCE = "RecurringChargesPayTypeCC"
ACCOUNTING_PREFERENCE = "AccountingCashPaymentType"

PROGRAM_PROPERTIES = (
    "PaymentType",
    "PaySimple Payment Type CC",
    "PaySimple Payment Type ACH",
    "EdgeExpressPaymentType",
)
"""The properties that hold the default payment type of PayConnect, PaySimple, EdgeExpress and XCharge."""
PROGRAM_PROPERTIES_SINCE = (22, 2)
"""The version from which a type in one of them can't be hidden."""
