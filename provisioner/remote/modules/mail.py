"""Send a mail from the host."""

import mimetypes
import os
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any, Dict, List, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System

TRAITS = Traits(predictable="no", reach="others", rerun=False, settles=False)


class Params(Parameters):
    """One mail; sending it is not a change of the host."""

    subject: str = required("str", "The subject.", aliases=("msg",))
    body: Optional[str] = optional("str", "The text; the subject where none is given.")
    sender: str = optional("str", "Who sends it.", "root", aliases=("from",))
    to: List[str] = optional("list", "Who gets it.", ("root",), elements="str", aliases=("recipients",))
    cc: List[str] = optional("list", "Who gets a copy.", (), elements="str")
    bcc: List[str] = optional("list", "Who gets a copy that nobody knows of.", (), elements="str")
    attach: List[str] = optional("list", "Files of the host to attach.", (), elements="path")
    headers: List[str] = optional("list", "More header lines, name=value.", (), elements="str")
    charset: str = optional("str", "Character set of the text.", "utf-8")
    subtype: str = optional("str", "Kind of text.", "plain", choices=("html", "plain"))
    host: str = optional("str", "The mail server.", "localhost")
    port: int = optional("int", "Its port.", 25)
    username: Optional[str] = optional("str", "Who logs in there.")
    password: Optional[str] = optional("str", "With which password.", no_log=True)
    secure: str = optional(
        "str", "Whether the connection is encrypted.", "try", choices=("always", "never", "starttls", "try")
    )
    timeout: int = optional("int", "Seconds to wait for the server.", 20)
    ehlohost: Optional[str] = optional("str", "Who we say we are.")
    message_id_domain: str = optional("str", "Domain of the message's id.", "ansible")


State = None


def inspect(params: Params, system: System) -> None:
    """Look for the attachments."""
    for path in params.attach:
        if not system.files.is_file(path):
            raise Failed("Failed to send community.general.mail: can't attach file %s: it does not exist" % path)


def plan(params: Params, state: None) -> Change:
    """Only running sends it."""
    return Change(None, _message(params))


def _message(params: Params) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = params.sender, params.subject
    message["To"] = ", ".join(params.to)
    if params.cc:
        message["Cc"] = ", ".join(params.cc)
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain=params.message_id_domain)
    for header in params.headers:
        name, _, value = header.partition("=")
        message[name.strip()] = value.strip()
    text = params.body if params.body is not None else params.subject
    message.set_content(text, subtype=params.subtype, charset=params.charset)
    return message


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Send it."""
    params, message = change.params, change.todo
    for path in params.attach:
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        name = os.path.basename(path)
        message.add_attachment(system.files.read(path), maintype=main, subtype=sub, filename=name)
    addresses = [parseaddr(each)[1] for each in (*params.to, *params.cc, *params.bcc)]
    try:
        server = _connected(params)
        try:
            refused = server.send_message(message, parseaddr(params.sender)[1], addresses)
        finally:
            server.close()
    except (OSError, smtplib.SMTPException) as error:
        raise Failed("Failed to send mail to %s by %s:%d: %s" % (addresses, params.host, params.port, error)) from None
    if refused:
        return {"changed": False, "msg": "Failed to send mail to all: %s" % sorted(refused), "result": refused}
    return {"changed": False, "msg": "Mail sent successfully", "result": {}}


def _connected(params: Params) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if params.secure == "always":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            params.host, params.port, params.ehlohost, timeout=params.timeout, context=context
        )
    else:
        server = smtplib.SMTP(params.host, params.port, params.ehlohost, timeout=params.timeout)
        server.ehlo()
        if params.secure == "starttls" or (params.secure == "try" and server.has_extn("starttls")):
            server.starttls(context=context)
            server.ehlo()
    if params.username and params.password:
        server.login(params.username, params.password)
    return server


EXAMPLES = """
- name: Say that it is done
  mail:
    to: Ann <ann@example.org>
    subject: The move of {{ inventory_hostname }} is done
"""
