"""What no system knows: who is who, and what really caused each order. For tests, never written into a workspace."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.export_touches import touch_ids
from orchestration.examples.demo.fields import Factory
from orchestration.examples.demo.funnel import CHANNELS
from orchestration.examples.demo.pipeline import DRIVERS


def tell(factory: Factory) -> dict[str, object]:
    """The truth under ids of the export; once all files have been made.

    Returns:
        ``identities``: lead, person, account (a number) and customer ("" if the ERP does not know the institution).
        ``accounts``: account, legal name, customer, and the company as the CRM writes it.
        ``distributors``: distributor, the customer number under which it buys, and its name.
        ``touch_shares``: per won opportunity and order, what part of the effect each touch had (Σ = 1).
        ``campaign_shares``: the same by channel and campaign. ``drivers``: weights on the log-odds of a win.
        ``chances``: per opportunity the probability with which it was won, and what moved it.
    """
    shares = _touch_shares(factory)
    cause = ["opportunity", "order", "channel", "campaign"]
    return {
        "identities": _identities(factory),
        "accounts": _accounts(factory),
        "distributors": _distributors(factory),
        "touch_shares": shares,
        "campaign_shares": shares.groupby(cause, sort=True)["share"].sum().reset_index(),
        "drivers": dict(DRIVERS),
        "chances": _chances(factory),
    }


def _identities(factory: Factory) -> pd.DataFrame:
    leads = factory.truth["lead"]
    account = leads["account"].to_numpy()
    customers = np.append(factory.truth["account"]["customer"].to_numpy(), "")
    frame = pd.DataFrame({"lead": factory.truth["lead_code"]["lead"], "person": leads["person"], "account": account})
    frame["customer"] = customers[account]
    return frame.sort_values("lead", kind="stable").reset_index(drop=True)


def _accounts(factory: Factory) -> pd.DataFrame:
    accounts = factory.truth["account"]
    frame = accounts[["name", "company", "customer", "tax_id", "currency"]].reset_index(names="account")
    twins = factory["customer"]
    second = twins[twins["twin"] != ""].set_index("account")["customer"]
    frame["second_customer"] = frame["account"].map(second).fillna("")
    return frame


def _distributors(factory: Factory) -> pd.DataFrame:
    customers = factory["customer"]
    return customers.loc[customers["agent"] != "", ["agent", "customer", "name"]].reset_index(drop=True)


def _touch_shares(factory: Factory) -> pd.DataFrame:
    rows, touch, deals = factory.truth["share"], factory.truth["touch"], factory.truth["deal"]
    place = rows["touch"].to_numpy()
    opportunity = deals["opportunity"].to_numpy()[rows["deal"]]
    orders = factory["order"]
    of = orders[orders["opportunity"] != ""].drop_duplicates("opportunity").set_index("opportunity")["order"]
    return pd.DataFrame(
        {
            "opportunity": opportunity,
            "order": of.reindex(opportunity).fillna("").to_numpy(),
            "touch": touch_ids(factory, place),
            "channel": np.array(CHANNELS, dtype=object)[touch["channel"].to_numpy()[place]],
            "campaign": np.append(factory["campaign"]["campaign"].to_numpy(), "")[touch["campaign"].to_numpy()[place]],
            "share": rows["share"].to_numpy(),
        }
    )


def _chances(factory: Factory) -> pd.DataFrame:
    deals = factory.truth["deal"]
    moved = ["touch_effect", "demo", "sample", "visit", "call", "concession", "quote_days"]
    frame = deals[["opportunity", "chance", "won", *moved]].copy()
    frame["leaning"] = factory.truth["account"]["leaning"].to_numpy()[deals["account"]]
    frame["skill"] = factory.truth["skill"]["skill"].to_numpy()[deals["seller"]]
    return frame
