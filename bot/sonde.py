"""Whether a process next door is well: one question, for the front and the supervisor."""
import aiohttp


async def va_bien(session: aiohttp.ClientSession, adresse: str, delai: float) -> bool:
    """Whether this address answers 200 within `delai` seconds. Never raises."""
    try:
        async with session.get(adresse, timeout=aiohttp.ClientTimeout(total=delai), allow_redirects=False) as reponse:
            return reponse.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
