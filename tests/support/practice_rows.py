"""The rows of the sample practice: those of an ordinary office, and the oddities of old databases."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tests.support import sealed_keys

Row = dict[str, Any]

TITLE = "Riverside Dental, Dr. Müller"
NO_DATE = "0001-01-01 00:00:00"
ACCOUNT = "office"

CHECK, CASH, CREDIT_CARD, GIFT = 311, 312, 313, 314
FHIR, INTERVAL, LAST_PROCESSED = 72, 903, 904
API_PAYMENT_TYPE = 45
BRIDGE_SUBSCRIPTION, CLEARPAY_SUBSCRIPTION, STRAY_SUBSCRIPTION = 21, 22, 23
FHIR_SUBSCRIPTION = 31

BRIDGE_KEY = "Ab12Cd34Ef56Gh78"
CLEARPAY_KEY = "Zz98Yy76Xx54Ww32"
CANOPY_KEY = "Mm11Nn22Oo33Pp44"
RECALL_KEY = "Rr55Ss66Tt77Uu88"
STRAY_KEY = "Qq10Rr20Ss30Tt40"
"""A key that is only in the practice's table `apikey`."""

PASSWORDS = {"Admin": "correct horse", "Maria": "maria's", "Ecw": "ecw", "Bare": "bare", "Blank": ""}


def log_hash(row: Row) -> str:
    """Compute the `LogHash` of a row of `securitylog`, as Open Dental's manual describes it."""
    moment, previous = str(row["LogDateTime"]), str(row["DateTPrevious"])
    if int(moment[:4]) < 1880:
        moment = NO_DATE
    tail = "" if previous in (NO_DATE, "0000-00-00 00:00:00") else previous
    joined = f"{row['PermType']}{row['UserNum']}{moment}{row['LogText'] or ''}{row['PatNum']}{tail}"
    return base64.b64encode(hashlib.sha256(joined.encode("utf-16-le")).digest()).decode()


def sha3(salt: str, password: str) -> str:
    """Return a stored password in the newest form."""
    digest = hashlib.sha3_512((salt + password).encode("utf-16-le")).digest()
    return f"SHA3_512${salt}${base64.b64encode(digest).decode()}"


def md5(salt: str, password: str) -> str:
    """Return the hash of a stored password in the older form."""
    return base64.b64encode(hashlib.md5((salt + password).encode("utf-16-le")).digest()).decode()  # noqa: S324


def rows(version: str) -> dict[str, list[Row]]:
    """Return the rows of the practice by table, with every column that the program uses and some that it does not."""
    logs, hashes = _audit_trail()
    return {
        "preference": _preferences(version),
        "program": [_program(number, name, enabled) for number, name, enabled in _PROGRAMS],
        "programproperty": [_property(*values) for values in _PROPERTIES],
        "definition": [
            {"DefNum": n, "Category": c, "ItemOrder": o, "ItemName": name, "ItemValue": "", "IsHidden": h}
            for n, c, o, name, h in _DEFINITIONS
        ],
        "usergroup": [{"UserGroupNum": n, "Description": text} for n, text in ((1, "Admin"), (2, "Front Desk"))],
        "userod": _users(),
        "usergroupattach": [
            {"UserGroupAttachNum": n, "UserNum": user, "UserGroupNum": group}
            for n, (user, group) in enumerate(_MEMBERS, start=1)
        ],
        "grouppermission": [
            {"GroupPermNum": n, "NewerDays": 0, "UserGroupNum": group, "PermType": permission, "FKey": f_key}
            for n, (group, permission, f_key) in enumerate(_GRANTS, start=1)
        ],
        "replicationserver": [
            {"ReplicationServerNum": 1, "Descript": "other", "ServerId": 4_000_000, "RangeStart": 1, "RangeEnd": 9**9}
        ],
        "securitylog": logs,
        "securityloghash": hashes,
        "signalod": [_signal(1, 20), _signal(2, 5)],
        "apikey": [
            {"APIKeyNum": 1, "CustApiKey": BRIDGE_KEY, "DevName": "Appointment Bridge"},
            {"APIKeyNum": 2, "CustApiKey": CLEARPAY_KEY, "DevName": "ClearPay"},
            {"APIKeyNum": 3, "CustApiKey": STRAY_KEY, "DevName": "Stray Software"},
        ],
        "apisubscription": [
            _subscription(BRIDGE_SUBSCRIPTION, BRIDGE_KEY, "https://bridge.example.test/hook/", "FRONTDESK-2"),
            _subscription(
                CLEARPAY_SUBSCRIPTION, CLEARPAY_KEY, "https://pay.example.test/in/", "", "2024-11-01 08:00:00"
            ),
            _subscription(STRAY_SUBSCRIPTION, "Nobody's key 1234", "http://10.0.0.7:8080/in/", ""),
        ],
        "computer": [
            {"ComputerNum": 1, "CompName": "FRONTDESK-2", "LastHeartBeat": "2024-11-06 14:29:00"},
            {"ComputerNum": 2, "CompName": "SERVER", "LastHeartBeat": NO_DATE},
        ],
        "fhirsubscription": [
            {
                "FHIRSubscriptionNum": FHIR_SUBSCRIPTION,
                "Criteria": "Appointment?status=booked",
                "Reason": "reminders",
                "SubStatus": 2,
                "ErrorNote": "The endpoint answered 500.",
                "ChannelType": 0,
                "ChannelEndpoint": "https://fhir.example.test/notify",
                "ChannelPayLoad": "application/fhir+json",
                "ChannelHeader": "Authorization: secret",
                "DateEnd": NO_DATE,
                "APIKeyHash": "hash",
            }
        ],
        "fhircontactpoint": [
            {
                "FHIRContactPointNum": 41,
                "FHIRSubscriptionNum": FHIR_SUBSCRIPTION,
                "ContactSystem": 2,
                "ContactValue": "ops@fhir.example.test",
                "ContactUse": 1,
                "ItemOrder": 1,
                "DateStart": NO_DATE[:10],
                "DateEnd": NO_DATE[:10],
            }
        ],
    }


def registry_rows() -> dict[str, list[Row]]:
    """Return the rows of the companion: an accepted license, and a key of each kind of status."""
    keys = (
        (BRIDGE_KEY, "Appointment Bridge", 1, None),
        (CLEARPAY_KEY, "ClearPay", 2, "2024-05-06 07:08:09"),
        (CANOPY_KEY, "Canopy", 5, None),
        (RECALL_KEY, "Old Recall", 4, "2023-01-02 03:04:05"),
    )
    return {
        "apisetup_license_text": [{"sha256": "ab" * 32, "text": "Be careful."}],
        "apisetup_license_acceptance": [
            {
                "number": 1,
                "title": "Careful",
                "sha256": "ab" * 32,
                "accepted_by": "Admin",
                "accepted_at": "2024-01-02 03:04:05.000000",
            }
        ],
        "apisetup_key": [
            {
                "fingerprint": hashlib.sha256(key.encode()).hexdigest(),
                **sealed_keys.columns(key),
                "developer": developer,
                "email": "dev@example.test",
                "phone": "555-0100",
                "permissions": '["ApiReadAll", "ApiComm"]',
                "status": status,
                "date_disabled": f"{disabled}.000000" if disabled else None,
                "agreement_since": "2023-04-05",
                "added": "2024-01-02 03:05:00.000000",
                "license_number": 1,
            }
            for key, developer, status, disabled in keys
        ],
    }


def _preferences(version: str) -> list[Row]:
    values = {
        API_PAYMENT_TYPE: ("ApiPaymentType", str(CHECK)),
        46: ("DataBaseVersion", version),
        47: ("ProgramVersion", version),
        48: ("PracticeTitle", TITLE),
        49: ("PracticePhone", "5550100"),
        50: ("AuditTrailEntriesDisplayed", "500"),
        51: ("RandomPrimaryKeys", "0"),
        52: ("SecurityLogOffAfterMinutes", "0"),
        # Blank, so that no test sends a request to the real headquarters.
        54: ("RegistrationKey", ""),
        53: ("WebServiceHQServerURL", "https://www.opendental.com/OpenDentalWebServiceHQ/WebServiceMain.asmx"),
    }
    return [{"PrefNum": number, "PrefName": name, "ValueString": text} for number, (name, text) in values.items()]


_PROGRAMS = ((1, "Apteryx", 1), (FHIR, "FHIR", 0), (73, "Dexis", 1))
_PROPERTIES = (
    # Another program's property of the same name must never be used.
    (901, 73, "SubscriptionProcessingFrequency", "99"),
    (902, FHIR, "Something else", "x"),
    (INTERVAL, FHIR, "SubscriptionProcessingFrequency", ""),
    (LAST_PROCESSED, FHIR, "SubscriptionsLastProcessed", "2024-11-05 09:00:00"),
    (905, 1, "Enter 0 to use PatientNum", None),
)
_DEFINITIONS = (
    (300, 1, 0, "Discount", 0),
    (CHECK, 10, 0, "Check", 0),
    (CASH, 10, 2, "Cash", 0),
    (CREDIT_CARD, 10, 1, "Credit Card", 0),
    (GIFT, 10, 3, "Gift certificate", 1),
    (315, 11, 0, "Operatory", 0),
)
# Admin, Maria (no Setup), Gone (hidden), Ecw, Bare, Blank, the account, Narrow (a Setup that is none: FKey is not 0).
_MEMBERS = ((1, 1), (2, 2), (3, 1), (4, 1), (6, 1), (7, 1), (8, 1), (9, 4), (1, 2))
_GRANTS = ((1, 8, 0), (1, 122, 0), (1, 24, 0), (2, 122, 0), (2, 25, 0), (4, 8, 17), (1, 220, 0))


def _program(number: int, name: str, enabled: int) -> Row:
    return {"ProgramNum": number, "ProgName": name, "ProgDesc": f"{name} bridge", "Enabled": enabled, "Note": None}


def _property(number: int, program: int, desc: str, value: str | None) -> Row:
    return {"ProgramPropertyNum": number, "ProgramNum": program, "PropertyDesc": desc, "PropertyValue": value}


def _signal(number: int, kind: int) -> Row:
    return {
        "SignalNum": number,
        "DateViewing": "0001-01-01",
        "SigDateTime": "2024-11-05 08:00:00",
        "FKey": 0,
        "FKeyType": "Undefined",
        "IType": kind,
        "RemoteRole": 0,
        "MsgValue": "",
    }


def _subscription(number: int, key: str, address: str, workstation: str, stop: str = NO_DATE) -> Row:
    return {
        "ApiSubscriptionNum": number,
        "EndPointUrl": address,
        "Workstation": workstation,
        "CustomerKey": key,
        "WatchTable": "Appointment",
        "PollingSeconds": 60,
        "UiEventType": "",
        "DateTimeStart": "2024-11-06 14:29:50",
        "DateTimeStop": stop,
        "Note": "",
    }


def _users() -> list[Row]:
    salt = base64.b64encode(b"0123456789abcdef").decode()
    stored = {
        1: ("Admin", sha3(salt, PASSWORDS["Admin"]), 0),
        2: ("Maria", f"MD5${salt}${md5(salt, PASSWORDS['Maria'])}", 0),
        3: ("Gone", sha3(salt, "gone"), 1),
        4: ("Ecw", f"MD5_ECW$${hashlib.md5(b'ecw').hexdigest()}", 0),  # noqa: S324
        6: ("Bare", md5("", PASSWORDS["Bare"]), 0),
        7: ("Blank", "None$$", 0),
        8: (ACCOUNT, "", 0),
        9: ("Narrow", sha3(salt, "narrow"), 0),
    }
    return [
        {
            "UserNum": number,
            "UserName": name,
            "Password": password,
            "UserGroupNum": 0,
            "IsHidden": hidden,
            "DateTFail": NO_DATE,
            "FailedAttempts": 0,
            "DomainUser": "",
        }
        for number, (name, password, hidden) in stored.items()
    ]


def _audit_trail() -> tuple[list[Row], list[Row]]:
    """Return audit rows as Open Dental wrote them, some of them damaged or altered since, and their hashes."""
    entries = (
        # number, kind, user, time, text, patient, previous edit
        (1, 8, 1, "2024-11-05 09:03:07", "API/FHIR", 0, NO_DATE),
        (2, 27, 2, "2020-02-29 00:00:00", "José — déplacé 日本語", 4711, "2020-02-28 12:30:01"),
        (3, 15, 2, "2024-11-04 10:00:00", "Payment of $20.00 entered.", 12, NO_DATE),
        (4, 15, 2, "2024-11-04 10:00:01", "Written without a hash.", 12, NO_DATE),
        (5, 8, 1, "0000-00-00 00:00:00", "Converted long ago", 0, NO_DATE),
        (6, 83, 1, "2024-11-04 10:00:02", None, 0, NO_DATE),
        (7, 43, 5, "2024-11-04 10:00:03", "Commlog edited.", 12, NO_DATE),
        (8, 43, 0, "2024-11-04 10:00:03", "First of one second", 0, NO_DATE),
        (9, 43, 0, "2024-11-04 10:00:03", "Second of one second", 0, "0000-00-00 00:00:00"),
        (10, 8, 1, "2024-11-05 09:03:08", f"New API key {BRIDGE_KEY} added by Admin", 0, NO_DATE),
    )
    logs: list[Row] = [
        {
            "SecurityLogNum": number,
            "PermType": kind,
            "UserNum": user,
            "LogDateTime": moment,
            "LogText": text,
            "PatNum": patient,
            "CompName": "FRONTDESK-2",
            "FKey": 0,
            "LogSource": 0,
            "DefNum": 0,
            "DefNumError": 0,
            "DateTPrevious": previous,
        }
        for number, kind, user, moment, text, patient, previous in entries
    ]
    hashes = [
        {
            "SecurityLogHashNum": 100 + row["SecurityLogNum"],
            "SecurityLogNum": row["SecurityLogNum"],
            "LogHash": log_hash(
                {**row, "LogText": "Payment of $120.00 entered."} if row["SecurityLogNum"] == 3 else row
            ),
        }
        for row in logs
        if row["SecurityLogNum"] != 4
    ]
    return logs, hashes
