import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, useEffect } from "react";
import { BrowserRouter, Route, Routes } from "react-router";

import { asProblem } from "./api/problem";
import { session } from "./auth/browser-session";
import { useSignedIn } from "./auth/use-session";
import { ErrorBoundary } from "./layout/ErrorBoundary";
import { Shell } from "./layout/Shell";
import { NotFoundPage } from "./pages/NotFoundPage";
import { SignInPage } from "./pages/SignInPage";
import { backoffMs } from "./retry";

const LivePage = lazy(() => import("./pages/LivePage"));
const DrillsPage = lazy(() => import("./pages/DrillsPage"));
const CellPage = lazy(() => import("./pages/CellPage"));
const CamerasPage = lazy(() => import("./pages/CamerasPage"));
const CameraPage = lazy(() => import("./pages/CameraPage"));
const MarkersPage = lazy(() => import("./pages/MarkersPage"));
const SitesPage = lazy(() => import("./pages/SitesPage"));
const UsersPage = lazy(() => import("./pages/UsersPage"));
const NodePage = lazy(() => import("./pages/NodePage"));

/** How often a query is tried again before its failure is shown. */
const RETRIES_MAX = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the node refuses once it refuses twice; only faults on the way are worth another try.
      retry: (failures, error) => {
        const { status } = asProblem(error);
        return (status === 0 || status >= 500) && failures < RETRIES_MAX;
      },
      retryDelay: (failures) => backoffMs(failures, Math.random()),
    },
  },
});

export function App() {
  return (
    <ErrorBoundary>
      <QueryClientProvider client={queries}>
        <BrowserRouter>
          <Pages />
        </BrowserRouter>
      </QueryClientProvider>
    </ErrorBoundary>
  );
}

function Pages() {
  const signedIn = useSignedIn();
  // What one user saw must not be there for the next.
  useEffect(() => session.subscribe(() => !session.signedIn() && queries.clear()), []);
  if (!signedIn) return <SignInPage />;
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<LivePage />} />
        <Route path="cameras" element={<CamerasPage />} />
        <Route path="cameras/:id" element={<CameraPage />} />
        <Route path="markers" element={<MarkersPage />} />
        <Route path="sites" element={<SitesPage />} />
        <Route path="users" element={<UsersPage />} />
        <Route path="cell" element={<CellPage />} />
        <Route path="drills" element={<DrillsPage />} />
        <Route path="node" element={<NodePage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
