"""Settings, read from the environment (`CONSEIL_*`). Every default is what `make run` needs; docs/reglages.md lists them."""
from pathlib import Path
from typing import Optional

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

RACINE = Path(__file__).resolve().parents[1]


class Reglages(BaseSettings):
    """What may differ from one installation to another. Nothing here changes what an answer says."""

    model_config = SettingsConfigDict(env_prefix="CONSEIL_", extra="ignore")

    donnees: Path = Field(RACINE / "var", description="dossier des bases embarquées, journaux et jetons de ce poste")
    base: Optional[str] = Field(None, description="adresse SQLAlchemy de la base de contacts ; sinon SQLite dans `donnees`")
    hote: str = Field("127.0.0.1", description="adresse d'écoute du site public")
    port: int = Field(8000, description="port du site public")
    port_moteur: int = Field(5005, description="port local du moteur")
    port_actions: int = Field(5055, description="port local des actions")
    jeton_moteur: str = Field("", description="secret partagé entre le site et le moteur ; tiré au démarrage par `conseil serve`")
    site: Optional[str] = Field(None, description="adresse publique du site, telle que les courriers et courriels l'écrivent ; sinon hôte et port")
    moteur: Optional[str] = Field(None, description="adresse du moteur ; sinon 127.0.0.1 et `port_moteur`")
    modele: Path = Field(RACINE / "models" / "assistant.tar.gz", description="modèle entraîné")
    demo: bool = Field(False, description="site de démonstration : données fictives, bandeau sur chaque page")
    caisse: str = Field("demo-aquitaine", description="caisse servie quand la page n'en nomme pas")
    cle: Optional[SecretStr] = Field(None, description="clé de l'installation (32 caractères au moins) ; sinon tirée dans `donnees`, fichier « cle »")
    connexions_par_minute: int = Field(30, description="essais de connexion à l'espace par minute et par adresse")
    cookies_surs: bool = Field(False, description="cookies réservés à HTTPS (obligatoire derrière un site public)")
    messages_par_minute: int = Field(20, description="messages acceptés par minute et par conversation")
    conversations_par_minute: int = Field(30, description="conversations ouvertes par minute et par adresse")
    smtp_hote: Optional[str] = Field(None, description="serveur de courriel ; absent, rien ne part")
    smtp_port: int = Field(25, description="port du serveur de courriel")
    smtp_tls: bool = Field(True, description="STARTTLS exigé avant d'envoyer quoi que ce soit")
    smtp_utilisateur: Optional[str] = Field(None, description="identifiant sur le serveur de courriel")
    smtp_mot_de_passe: Optional[SecretStr] = Field(None, description="mot de passe sur le serveur de courriel")
    smtp_expediteur: Optional[str] = Field(None, description="adresse d'expédition : « conseil@caisse.example »")
    delai_moteur: float = Field(1.8, description="secondes laissées au moteur avant de répondre sans lui")

    @property
    def adresse_base(self) -> str:
        return self.base or f"sqlite:///{self.donnees / 'contacts.db'}"

    @property
    def adresse_moteur(self) -> str:
        return self.moteur or f"http://127.0.0.1:{self.port_moteur}"

    @property
    def adresse_publique(self) -> str:
        """Without a trailing slash: « https://conseil.caisse.example »."""
        return (self.site or f"http://{self.hote}:{self.port}").rstrip("/")
