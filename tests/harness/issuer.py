"""OpenID Connect issuers that run here, over plain HTTP or under a certificate of an authority of the tests' own."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import time


def b64(data):
    """Base64 as JSON Web Tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, given=b""):
    """What openssl prints."""
    return subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True, check=True).stdout


class Authority:
    """A certificate authority: by itself, or under another."""

    def __init__(self, folder, name, under=None):
        self.folder, self.name, self.under = pathlib.Path(folder), name, under
        self.key, self.certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        self.key.chmod(0o600)
        if under is None:
            extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
            openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", 30, "-out", self.certificate, *extensions)
        else:
            under.sign(name, self.key, self.certificate, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign")
        self.certificate.chmod(0o644)

    def sign(self, name, key, certificate, extensions, days=30):
        """A certificate for a key."""
        request = openssl("req", "-new", "-key", key, "-subj", f"/CN={name}")
        wanted = self.folder / f"{name}.ext"
        wanted.write_text(extensions)
        openssl("x509", "-req", "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-extfile", wanted, "-out", certificate, given=request)  # fmt: skip

    def serving(self, name, alternative="IP:127.0.0.1", days=30):
        """A TLS context with a certificate for a server, and the authorities above it but the topmost."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        self.sign(name, key, certificate, f"subjectAltName={alternative}\nextendedKeyUsage=serverAuth", days)
        chain, authority = certificate.read_text(), self
        while authority and authority.under:
            chain, authority = chain + authority.certificate.read_text(), authority.under
        whole = self.folder / f"{name}-chain.pem"
        whole.write_text(chain)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(whole, key)
        return context

    @property
    def thumbprint(self):
        """SHA-1 of its certificate, as IAM wants it."""
        return hashlib.sha1(ssl.PEM_cert_to_DER_cert(self.certificate.read_text())).hexdigest()


class Key:
    """A key that tokens are signed with."""

    def __init__(self, folder, kid, algorithm="RS256"):
        self.kid, self.algorithm = kid, algorithm
        self.file = str(pathlib.Path(folder, f"key-{kid}.pem"))
        if algorithm == "RS256":
            openssl("genrsa", "-out", self.file, "2048")
            modulus = openssl("rsa", "-in", self.file, "-noout", "-modulus").decode().strip().split("=")[1]
            self.public = {"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "n": b64(bytes.fromhex(modulus)), "e": "AQAB"}
        else:
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.file)
            point = openssl("ec", "-in", self.file, "-pubout", "-outform", "DER")[-64:]
            self.public = {"kty": "EC", "kid": kid, "crv": "P-256", "use": "sig", "x": b64(point[:32]), "y": b64(point[32:])}

    def sign(self, header, claims):
        """A token."""
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        signature = openssl("dgst", "-sha256", "-sign", self.file, given=signed.encode())
        return f"{signed}.{b64(signature if self.algorithm == 'RS256' else flat(signature))}"


def flat(der):
    """The two numbers of an ECDSA signature, 32 bytes each."""
    numbers, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        numbers += der[at + 2 : at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return numbers


class Issuer:
    """An issuer on a port of loopback with an RSA and an EC key; with `tls`, a server's context, over HTTPS."""

    def __init__(self, folder, tls=None):
        self.folder = folder
        self.rsa, self.ec = Key(folder, "rsa"), Key(folder, "ec", "ES256")
        self.keys = [self.rsa, self.ec]
        self.asked, self.failing = [], False
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                documents = {
                    "/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"},
                    "/keys": {"keys": [key.public for key in issuer.keys]},
                }
                found = documents.get(self.path)
                body = json.dumps(found).encode()
                self.send_response(503 if issuer.failing else 200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                """Who does not trust the certificate hangs up."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            # shaken in the thread of the request: who never says a word must not hold up the others
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.url = f"{'https' if tls else 'http'}://{self.name}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def claims(self, **claims):
        """What a good token says, but for `claims`."""
        now = int(time.time())
        return {"iss": self.url, "aud": "app", "sub": "alice@home", "iat": now, "exp": now + 600} | claims

    def token(self, algorithm="RS256", key=None, **claims):
        """A signed token."""
        key = key or (self.rsa if algorithm == "RS256" else self.ec)
        return key.sign({"alg": algorithm, "kid": key.kid, "typ": "JWT"}, self.claims(**claims))

    def confused(self, secret, header):
        """A token whose signature is an HMAC by something that everybody knows."""
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(self.claims()).encode())}"
        return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    def stop(self):
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()
