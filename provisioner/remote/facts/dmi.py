"""What the firmware says about the machine: maker, product, serial numbers, BIOS."""

from typing import Any, Dict

from ..system import System
from ..system.reading import text

SUBSET = "hardware"
FACTS = ()
MINIMAL = False
FOLDER = "/sys/devices/virtual/dmi/id"
FILES = (
    "bios_date bios_vendor bios_version board_asset_tag board_name board_serial board_vendor board_version "
    "chassis_asset_tag chassis_serial chassis_vendor chassis_version product_name product_serial product_uuid "
    "product_version"
).split()
FORMS = (
    "Unknown|Other|Unknown|Desktop|Low Profile Desktop|Pizza Box|Mini Tower|Tower|Portable|Laptop|Notebook|Hand Held|"
    "Docking Station|All In One|Sub Notebook|Space-saving|Lunch Box|Main Server Chassis|Expansion Chassis|Sub Chassis|"
    "Bus Expansion Chassis|Peripheral Chassis|RAID Chassis|Rack Mount Chassis|Sealed-case PC|Multi-system|CompactPCI|"
    "AdvancedTCA|Blade|Blade Enclosure|Tablet|Convertible|Detachable|IoT Gateway|Embedded PC|Mini PC|Stick PC"
).split("|")


def collect(system: System) -> Dict[str, Any]:
    """Read the files below /sys; NA where there are none, as in containers and on most ARM machines."""
    facts = {name: text(system, "%s/%s" % (FOLDER, name)) or "NA" for name in FILES}
    facts["system_vendor"] = text(system, FOLDER + "/sys_vendor") or "NA"
    form = text(system, FOLDER + "/chassis_type")
    if not form:
        facts["form_factor"] = "NA"
    else:
        known = form.isdigit() and int(form) < len(FORMS)
        facts["form_factor"] = FORMS[int(form)] if known else "unknown (%s)" % form
    return facts
