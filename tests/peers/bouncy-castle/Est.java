// Bouncy Castle's EST client against one appliance:
//
//	java -cp JARS Est.java HOST:PORT ROOT.pem DIRECTORY USER PASSWORD
//
// Prints one line 'ok - ...' or 'not ok - ...' a check, and writes what it
// enrolled to DIRECTORY/*.pem for others to judge.

import java.io.FileInputStream;
import java.io.FileWriter;
import java.net.Socket;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Collections;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.CACertsResponse;
import org.bouncycastle.est.CSRAttributesResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTException;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.ChannelBindingProvider;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseDefaultHostnameAuthorizer;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

public class Est {
	static final int TIMEOUT_MS = 20000;
	static int failed;
	static String server, directory, user;
	static char[] password;
	static X509Certificate root;

	static void report(boolean good, String name) {
		System.out.println((good ? "ok - " : "not ok - ") + name);
		failed += good ? 0 : 1;
	}

	interface Action {
		void run() throws Exception;
	}

	static void check(String name, Action action) {
		try {
			action.run();
			report(true, name);
		} catch (Exception e) {
			report(false, name);
			System.out.println("#   " + e);
		}
	}

	/* The server answers with that status. */
	static void refused(String name, int status, Action action) {
		try {
			action.run();
			report(false, name);
		} catch (ESTException e) {
			report(e.getStatusCode() == status, name);
			if (e.getStatusCode() != status)
				System.out.println("#   " + e);
		} catch (Exception e) {
			report(false, name);
			System.out.println("#   " + e);
		}
	}

	static void demand(boolean good, String what) throws Exception {
		if (!good)
			throw new Exception(what);
	}

	// --- keys, requests, certificates ---

	static class Identity {
		final KeyPair key;
		final String algorithm;
		X509Certificate certificate;

		Identity(String type, Object size) throws Exception {
			KeyPairGenerator g = KeyPairGenerator.getInstance(type);

			if (size instanceof String)
				g.initialize(new ECGenParameterSpec((String) size));
			else
				g.initialize((Integer) size);
			key = g.generateKeyPair();
			algorithm = type.equals("EC") ? "SHA256withECDSA"
						      : "SHA256withRSA";
		}

		ContentSigner signer() throws Exception {
			return new JcaContentSignerBuilder(algorithm)
			    .build(key.getPrivate());
		}

		PKCS10CertificationRequestBuilder builder(String name)
		    throws Exception {
			ExtensionsGenerator extensions = new ExtensionsGenerator();

			extensions.addExtension(Extension.subjectAlternativeName,
			    false,
			    new GeneralNames(
				new GeneralName(GeneralName.dNSName, name)));
			return new JcaPKCS10CertificationRequestBuilder(
			    new X500Name("CN=" + name), key.getPublic())
			    .addAttribute(
				PKCSObjectIdentifiers.pkcs_9_at_extensionRequest,
				extensions.generate());
		}

		PKCS10CertificationRequest request(String name)
		    throws Exception {
			return builder(name).build(signer());
		}

		/* Takes the one certificate of an answer. */
		void take(EnrollmentResponse response, String file)
		    throws Exception {
			X509CertificateHolder[] all =
			    ESTService.storeToArray(response.getStore());

			demand(response.isCompleted(), "not completed");
			demand(all.length == 1, all.length + " certificates");
			certificate = new JcaX509CertificateConverter()
			    .getCertificate(all[0]);
			demand(certificate.getPublicKey().equals(
			    key.getPublic()), "another key");
			try (JcaPEMWriter out = new JcaPEMWriter(
			    new FileWriter(directory + "/" + file + ".pem"))) {
				out.writeObject(certificate);
			}
		}

		KeyManagerFactory keys() throws Exception {
			KeyStore store = KeyStore.getInstance("PKCS12");
			KeyManagerFactory factory =
			    KeyManagerFactory.getInstance("PKIX");

			store.load(null, null);
			store.setKeyEntry("me", key.getPrivate(), new char[0],
			    new Certificate[] {certificate});
			factory.init(store, new char[0]);
			return factory;
		}
	}

	// --- services ---

	static JsseESTServiceBuilder trusting() throws Exception {
		X509TrustManager[] trust =
		    JcaJceUtils.getCertPathTrustManager(
			Collections.singleton(new TrustAnchor(root, null)),
			null);

		return new JsseESTServiceBuilder(server, trust)
		    .withHostNameAuthorizer(
			new JsseDefaultHostnameAuthorizer(
			    Collections.<String>emptySet()))
		    .withTimeout(TIMEOUT_MS);
	}

	static ESTService service(String version, Identity client)
	    throws Exception {
		JsseESTServiceBuilder builder =
		    trusting().withTLSVersion(version);

		if (client != null)
			builder.withKeyManagers(client.keys().getKeyManagers());
		return builder.build();
	}

	/* tls-unique of Bouncy Castle's own TLS, since the JDK's does not tell
	 * it. Of TLS 1.3 that has no binding for its users. */
	static class Binding implements ChannelBindingProvider {
		final boolean right;
		byte[] last;

		Binding(boolean right) {
			this.right = right;
		}

		public boolean canAccessChannelBinding(Socket socket) {
			return socket instanceof BCSSLSocket;
		}

		public byte[] getChannelBinding(Socket socket, String type) {
			last = ((BCSSLSocket) socket)
			    .getConnection().getChannelBinding(type);
			if (!right) {
				last = last.clone();
				last[0] ^= 1;
			}
			return last;
		}
	}

	static ESTService bound(Binding binding)
	    throws Exception {
		return trusting()
		    .withProvider(new BouncyCastleJsseProvider())
		    .withTLSVersion("TLSv1.2")
		    .withChannelBindingProvider(binding)
		    .build();
	}

	static ESTAuth basic(char[] secret) throws Exception {
		return new JcaHttpAuthBuilder(user, secret).build();
	}

	// --- checks ---

	static void bootstrap() throws Exception {
		CACertsResponse response = new JsseESTServiceBuilder(server,
		    JcaJceUtils.getTrustAllTrustManager())
		    .withTimeout(TIMEOUT_MS).build().getCACerts();
		boolean found = false;

		demand(!response.isTrusted(), "trusted without an anchor");
		for (X509CertificateHolder c :
		    response.getCertificateStore().getMatches(null))
			found |= Arrays.equals(
			    c.getEncoded(), root.getEncoded());
		demand(found, "the root is not among them");
	}

	static void attributes() throws Exception {
		CSRAttributesResponse a = service("TLSv1.3", null)
		    .getCSRAttributes().getAttributesResponse();

		demand(a.hasRequirement(X9ObjectIdentifiers.ecdsa_with_SHA256) ||
		    a.hasRequirement(new ASN1ObjectIdentifier(
			X9ObjectIdentifiers.id_ecPublicKey.getId())),
		    "no key type in " + a.getRequirements());
	}

	static void enroll(String version, String type, Object size)
	    throws Exception {
		String name = type + size + "-" + version;
		Identity me = new Identity(type, size);

		check(name + ": enrolls by Basic", () -> me.take(
		    service(version, null).simpleEnroll(false,
			me.request("a.localhost"), basic(password)),
		    "first-" + name));
		if (me.certificate == null)
			return;
		check(name + ": renews by certificate", () -> me.take(
		    service(version, me).simpleEnroll(true,
			me.request("a.localhost"), null), "again-" + name));
		refused(name + ": not for another name", 403,
		    () -> service(version, me).simpleEnroll(true,
			me.request("b.localhost"), null));
	}

	static void channel() throws Exception {
		Identity me = new Identity("EC", "secp256r1");
		Binding right = new Binding(true), wrong = new Binding(false);

		check("enrolls, bound to the connection",
		    () -> me.take(bound(right).simpleEnrollPoP(false,
			me.builder("a.localhost"), me.signer(),
			basic(password)), "bound"));
		report(right.last != null && right.last.length >= 12,
		    "the binding was asked for");
		refused("not bound to another one", 400,
		    () -> bound(wrong).simpleEnrollPoP(false,
			me.builder("a.localhost"), me.signer(),
			basic(password)));
	}

	public static void main(String[] args) throws Exception {
		/* For BC's own trust manager; JSSE stays the default. */
		Security.addProvider(new BouncyCastleProvider());
		server = args[0];
		directory = args[2];
		user = args[3];
		password = args[4].toCharArray();
		try (FileInputStream in = new FileInputStream(args[1])) {
			root = (X509Certificate) CertificateFactory
			    .getInstance("X.509").generateCertificate(in);
		}
		check("bootstrap: cacerts has the administrator's root",
		    Est::bootstrap);
		check("csrattrs says the key type", Est::attributes);
		for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
			enroll(version, "EC", "secp256r1");
			enroll(version, "RSA", 2048);
		}
		channel();
		enroll("TLSv1.3", "EC", "secp384r1");
		Identity me = new Identity("EC", "secp256r1");
		refused("no credentials", 401, () -> service("TLSv1.3", null)
		    .simpleEnroll(false, me.request("a.localhost"), null));
		refused("a wrong password", 401, () -> service("TLSv1.3", null)
		    .simpleEnroll(false, me.request("a.localhost"),
			basic("wrong".toCharArray())));
		refused("a name that is not allowed", 403,
		    () -> service("TLSv1.3", null).simpleEnroll(false,
			me.request("a.example"), basic(password)));
		System.exit(failed == 0 ? 0 : 1);
	}
}
